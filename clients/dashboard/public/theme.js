// Sets the chosen theme before the first paint; a file of its own because the page allows no inline script.
try {
  const theme = localStorage.getItem("tidewire.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // No storage, no choice: the system's theme.
}
