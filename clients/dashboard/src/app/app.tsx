// What is around every page: the header, the navigation, the keys.
import { useSystemStats } from "@tidewire/react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { signOut, useAccess } from "../access/token.js";
import { navigate, usePath } from "../router/history.js";
import { Link } from "../router/link.js";
import { nextTheme, setTheme, type Theme, useTheme } from "../theme/theme.js";
import { Button, IconButton } from "../ui/button.js";
import { Icon, type IconName } from "../ui/icon.js";
import { ConnectionPill } from "./connection-pill.js";
import { Help } from "./help.js";
import { listenToKeys, useShortcut } from "./keys.js";
import { Outlet } from "./outlet.js";
import { routeOf, SECTIONS, type Section } from "./routes.js";
import { StaleNotice } from "./stale-notice.js";

/** Most servers of a first day let everybody in. */
const SignIn = lazy(async () => ({ default: (await import("../access/sign-in.js")).SignIn }));

export function App() {
  const { isSignedIn, refusal } = useAccess();
  const [hasHelp, setHelp] = useState(false);
  const path = usePath();
  const main = useRef<HTMLElement>(null);
  useEffect(listenToKeys, []);
  // The host's load is kept in no log: what System shows of the last minutes is heard while other pages are shown.
  useSystemStats(undefined, () => undefined);
  useFocusOnPage(path, main);
  return (
    <>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="head">
        <Link to="/" className="brand" aria-label="Tidewire, overview">
          <Brand />
          Tidewire
        </Link>
        <div className="head-end">
          <ConnectionPill />
          {isSignedIn && <Button onClick={signOut}>Sign out</Button>}
          <ThemeButton />
          <IconButton icon="help" label="Keyboard shortcuts" onClick={() => setHelp(true)} />
        </div>
      </header>
      <Navigation path={path} onHelp={() => setHelp(true)} />
      <main id="main" ref={main} tabIndex={-1}>
        {refusal ? (
          <Suspense fallback={<p className="page-loading">Loading…</p>}>
            <SignIn />
          </Suspense>
        ) : (
          <>
            <StaleNotice />
            <Outlet />
          </>
        )}
      </main>
      {hasHelp && <Help onClose={() => setHelp(false)} />}
    </>
  );
}

/** Whoever goes to another page is put at its beginning, as with a page that is loaded. */
function useFocusOnPage(path: string, main: React.RefObject<HTMLElement | null>): void {
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [path, main]);
}

function Navigation({ path, onHelp }: { readonly path: string; readonly onHelp: () => void }) {
  const section = routeOf(path)?.route.section;
  useShortcut("?", "Show this help", onHelp);
  return (
    <nav className="nav" aria-label="Pages">
      <ul>
        {SECTIONS.map((each) => (
          <Entry key={each.path} section={each} isCurrent={each.path === section} />
        ))}
      </ul>
    </nav>
  );
}

function Entry({ section, isCurrent }: { readonly section: Section; readonly isCurrent: boolean }) {
  const { path, title, icon, key } = section;
  useShortcut(`g ${key}`, `Go to ${title}`, () => navigate(path));
  return (
    <li>
      <Link to={path} aria-current={isCurrent ? "page" : undefined}>
        <Icon name={icon} />
        {title}
      </Link>
    </li>
  );
}

const THEME_ICONS: Readonly<Record<Theme, IconName>> = { system: "auto", light: "sun", dark: "moon" };

function ThemeButton() {
  const theme = useTheme();
  const next = nextTheme(theme);
  useShortcut("t", "Next theme: system, light, dark", () => setTheme(nextTheme(theme)));
  return (
    <IconButton icon={THEME_ICONS[theme]} label={`Theme: ${theme}. Change to ${next}`} onClick={() => setTheme(next)} />
  );
}

function Brand() {
  return (
    <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" className="brand-ground" />
      <path
        className="brand-waves"
        d="M5 13c3.5 0 3.5-4 7.3-4s3.8 4 7.4 4 3.7-4 7.3-4M5 22c3.5 0 3.5-4 7.3-4s3.8 4 7.4 4 3.7-4 7.3-4"
      />
    </svg>
  );
}
