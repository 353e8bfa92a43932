// What the keyboard can do.
import { Dialog } from "../ui/dialog.js";
import { setShortcutsOn, useShortcuts, useShortcutsOn } from "./keys.js";

export function Help({ onClose }: { readonly onClose: () => void }) {
  const shortcuts = useShortcuts();
  const isOn = useShortcutsOn();
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl className="help-keys">
        {shortcuts.map(({ keys, label }) => (
          <div key={`${keys} ${label}`}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>Close a dialog</dd>
        </div>
      </dl>
      <label className="check">
        <input type="checkbox" checked={isOn} onChange={(event) => setShortcutsOn(event.target.checked)} />
        Single keys are shortcuts
      </label>
    </Dialog>
  );
}
