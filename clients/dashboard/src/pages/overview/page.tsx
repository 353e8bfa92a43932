// How everything is, on one page.
import "../../lives/lives.css";
import "./overview.css";
import { HostCard } from "../../host/host-card.js";
import { Page } from "../../ui/page.js";
import { Activity } from "./activity.js";
import { Models } from "./models.js";
import { Sessions } from "./sessions.js";

export default function OverviewPage() {
  return (
    <Page title="Overview">
      <div className="overview">
        <Activity />
        <div className="overview-side">
          <HostCard />
          <Sessions />
          <Models />
        </div>
      </div>
    </Page>
  );
}
