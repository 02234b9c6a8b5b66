import type { Client } from "@sluice/api";
import { useEffect, useState, type ReactNode } from "react";
import { Explore } from "./explore.tsx";
import type { Services } from "./services.ts";
import { usePreferences } from "./ui/preferences.ts";
import { useExploreUrl } from "./ui/use-explore-url.ts";

/** The page: its address is its state, its preferences are this browser's. */
export function App({ services }: { readonly services: Services }): ReactNode {
  const [state, navigate] = useExploreUrl();
  const [preferences, changePreferences] = usePreferences();
  const { theme } = preferences;
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  return (
    <TenantExplore
      key={state.tenant}
      services={services}
      tenant={state.tenant}
      render={(client) => (
        <Explore
          services={services}
          client={client}
          state={state}
          navigate={navigate}
          preferences={preferences}
          changePreferences={changePreferences}
        />
      )}
    />
  );
}

interface TenantExploreProps {
  readonly services: Services;
  readonly tenant: string;
  readonly render: (client: Client) => ReactNode;
}

/** One client per tenant: another tenant starts with nothing of this one. */
function TenantExplore({ services, tenant, render }: TenantExploreProps): ReactNode {
  const [client] = useState(() => services.clientOf(tenant));
  return render(client);
}
