package embedded

import (
	"context"
	"fmt"
	"net/http"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
)

// webUI is the web UI, running.
type webUI struct {
	url    string
	server *uiserver.Server
	ended  chan struct{}
}

// startUI serves the web UI of the frontend and returns when its first page can be had.
func startUI(ctx context.Context, p ports) (*webUI, error) {
	ui := &webUI{
		url: "http://" + hostPort(p.ui),
		server: uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
			TemporalGRPCAddress: hostPort(p.frontend),
			Host:                loopback,
			Port:                p.ui,
			EnableUI:            true,
			DefaultNamespace:    Namespace,
			// Pages and API have one origin, so nothing is to be allowed to others. There is no TLS
			// on loopback, and a browser that is strict about it would drop a secure cookie and
			// with it the right to signal or cancel.
			CORS: uiconfig.CORS{CookieInsecure: true},
			// Standard output belongs to the program, and nothing here calls other hosts.
			HideLogs:         true,
			DisableNewsFetch: true,
		})),
		ended: make(chan struct{}),
	}
	go func() {
		defer close(ui.ended)
		_ = ui.server.Start() // nil after Stop; ends the process itself if it cannot listen
	}()
	err := until(ctx, func(ctx context.Context) error { return ui.answers(ctx) })
	if err != nil {
		ui.stop()
		return nil, fmt.Errorf("the web UI does not answer: %w", err)
	}
	return ui, nil
}

func (ui *webUI) answers(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, ui.url+"/", http.NoBody)
	if err != nil {
		return err
	}
	// A transport of its own, so that no idle connection outlives the question.
	transport := &http.Transport{DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", res.Status)
	}
	return nil
}

func (ui *webUI) stop() {
	ui.server.Stop()
	<-ui.ended
}
