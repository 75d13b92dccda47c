package embedded

import (
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
)

const (
	// historyShards is how many parts workflows are kept in. The first start writes it into the
	// database, and a later start goes by what is written there. All parts share the one connection
	// that SQLite is written through, so more of them would only cost more timers and goroutines.
	historyShards = 1

	clusterName = "active"
	storeName   = "sqlite"
)

// serverConfig describes a whole cluster of one: every service in this process, on loopback, found
// by fixed address instead of by gossip, without metrics, profiler, archive or a second cluster.
func serverConfig(p ports, store *config.SQL) *config.Config {
	return &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     storeName,
			VisibilityStore:  storeName,
			NumHistoryShards: historyShards,
			DataStores:       map[string]config.DataStore{storeName: {SQL: store}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: hostPort(p.frontend)},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services: map[string]config.Service{
			string(primitives.FrontendService): service(p.frontend),
			string(primitives.HistoryService):  service(p.history),
			string(primitives.MatchingService): service(p.matching),
			string(primitives.WorkerService):   service(p.worker),
		},
		PublicClient: config.PublicClient{HostPort: hostPort(p.frontend)},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchival{State: config.ArchivalDisabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: config.ArchivalDisabled},
		}},
	}
}

// service binds by address: "on localhost" would look the name up, and let a variable of the
// environment change what it means.
func service(port int) config.Service {
	return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: loopback}}
}

// members says where each service is, so that none has to be discovered.
func members(p ports) map[primitives.ServiceName]static.Hosts {
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: static.SingleLocalHost(hostPort(p.frontend)),
		primitives.HistoryService:  static.SingleLocalHost(hostPort(p.history)),
		primitives.MatchingService: static.SingleLocalHost(hostPort(p.matching)),
		primitives.WorkerService:   static.SingleLocalHost(hostPort(p.worker)),
	}
}

// settings are the server's dynamic settings that differ from its defaults.
func settings(o Options) dynamicconfig.StaticClient {
	s := dynamicconfig.StaticClient{
		// Else the server tells its maker once a day that it runs.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
	}
	if o.Dir == "" {
		// What these look for takes weeks to come about, and their workers outlive Stop.
		s[dynamicconfig.TaskQueueScannerEnabled.Key()] = false
		s[dynamicconfig.HistoryScannerEnabled.Key()] = false
	}
	if o.ContinueAfter > 0 {
		s[dynamicconfig.HistoryCountSuggestContinueAsNew.Key()] = o.ContinueAfter
	}
	if !o.TimeSkipping {
		return s
	}
	s[dynamicconfig.WorkflowTimeSkippingEnabled.Key()] = true
	// A skipped timer is due at once, but is never put before the instant of the timer queue's last
	// look plus this shift: by default every timer takes a second. Below some 5 ms nothing is gained.
	s[dynamicconfig.TimerProcessorMaxTimeShift.Key()] = time.Millisecond
	// Every skip reads the queues of timers and of tasks a few times each. With the default of 20
	// reads a second an hour takes 180 ms to skip, without a bound 15.
	const readsPerSecond = 100_000
	s[dynamicconfig.TimerProcessorMaxPollRPS.Key()] = readsPerSecond
	s[dynamicconfig.TransferProcessorMaxPollRPS.Key()] = readsPerSecond
	// Who waits for a workflow's end is told of every step it takes, and may be told of the end when
	// the step before is still unread; that word is lost, and the caller finds out by asking again
	// when this is over: 20 seconds by default, in which a skipping workflow runs for weeks.
	s[dynamicconfig.HistoryLongPollExpirationInterval.Key()] = time.Second
	// A run that continues as new within this time waits out the rest of it first. Where its clock is
	// ahead, the server's sum puts the end of that wait as far ahead again, and skips there.
	s[dynamicconfig.WorkflowIdReuseMinimalInterval.Key()] = time.Duration(0)
	return s
}
