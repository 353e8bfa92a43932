// Shows the page of the present address.
import { Component, type ComponentType, lazy, type ReactNode, Suspense } from "react";
import { usePath } from "../router/history.js";
import { Link } from "../router/link.js";
import { Button } from "../ui/button.js";
import { EmptyState } from "../ui/empty-state.js";
import { type PageProps, type Route, routeOf } from "./routes.js";

const loaded = new Map<Route["load"], ComponentType<PageProps>>();

/** The page's component; the same one each time, or React would begin it anew. */
function pageOf({ load }: Route): ComponentType<PageProps> {
  const page = loaded.get(load) ?? lazy(load);
  loaded.set(load, page);
  return page;
}

export function Outlet() {
  const path = usePath();
  const found = routeOf(path);
  if (!found) return <NotFound path={path} />;
  const Page = pageOf(found.route);
  return (
    <PageBoundary key={path}>
      <Suspense fallback={<p className="page-loading">Loading…</p>}>
        <Page params={found.params} />
      </Suspense>
    </PageBoundary>
  );
}

function NotFound({ path }: { readonly path: string }) {
  return (
    <EmptyState icon="search" title="No such page">
      <p>
        Nothing is found at <code>{path}</code>. <Link to="/">Go to the overview</Link>
      </p>
    </EmptyState>
  );
}

/** A page that fails takes no other with it: its error is shown in its place. */
class PageBoundary extends Component<{ readonly children: ReactNode }, { readonly error?: unknown }> {
  override state: { readonly error?: unknown } = {};

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <EmptyState icon="warning" title="This page has failed">
        <p>{error instanceof Error ? error.message : String(error)}</p>
        <Button onClick={() => location.reload()}>Load it again</Button>
      </EmptyState>
    );
  }
}
