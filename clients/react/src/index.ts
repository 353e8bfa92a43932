"use client";
// Everything the package offers: the hooks, and components made of them.
export { ConnectionBadge, LinkBadge, StatusPill } from "./components/badges.js";
export { PredictionMonitor, type PredictionMonitorProps } from "./components/prediction-monitor.js";
export { ProgressBar, type ProgressBarProps } from "./components/progress-bar.js";
export { ProgressTracker, type ProgressTrackerProps } from "./components/progress-tracker.js";
export { Sparkline } from "./components/sparkline.js";
export { SystemMonitor, type SystemMonitorProps } from "./components/system-monitor.js";
export { TrainingMonitor, type TrainingMonitorProps } from "./components/training-monitor.js";
export * from "./headless.js";
