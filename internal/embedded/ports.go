package embedded

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"syscall"

	"github.com/dripline/dripline/internal/drip"
)

// loopback is the only address anything here listens on.
const loopback = "127.0.0.1"

// ports of the services. Only frontend and ui are for others to connect to.
type ports struct {
	frontend, history, matching, worker int
	ui                                  int // 0: no UI
}

// choosePorts takes the ports that were asked for and free ones for the rest. It opens nothing that
// stays open: the server insists on opening its ports itself.
func choosePorts(o Options) (ports, error) {
	var p ports
	var err error
	if p.frontend, err = choosePort("--temporal-port", o.Port); err != nil {
		return ports{}, err
	}
	if o.UIPort >= 0 {
		if o.UIPort > 0 && o.UIPort == p.frontend {
			return ports{}, &drip.InputError{
				File:    "--ui-port",
				Problem: fmt.Sprintf("port %d is the port of --temporal-port too", o.UIPort),
				Fix:     "choose two different ports",
			}
		}
		if p.ui, err = choosePort("--ui-port", o.UIPort); err != nil {
			return ports{}, err
		}
	}
	for _, port := range []*int{&p.history, &p.matching, &p.worker} {
		if *port, err = freePort(); err != nil {
			return ports{}, err
		}
	}
	return p, nil
}

// choosePort checks that a port can be listened on, or finds one if none is asked for.
func choosePort(flag string, port int) (int, error) {
	if port == 0 {
		return freePort()
	}
	if port < 0 || port > 65535 {
		return 0, &drip.InputError{
			File:    flag,
			Problem: fmt.Sprintf("%d is not a port", port),
			Fix:     "choose one from 1024 to 65535, or 0 for any that is free",
		}
	}
	l, err := net.Listen("tcp4", hostPort(port))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return 0, &drip.InputError{
			File:    flag,
			Problem: fmt.Sprintf("port %d on %s is in use by another program", port, loopback),
			Fix:     fmt.Sprintf("stop that program, or choose another port with %s", flag),
		}
	case err != nil:
		return 0, &drip.InputError{
			File:    flag,
			Problem: fmt.Sprintf("port %d on %s cannot be used: %v", port, loopback, err),
			Fix:     fmt.Sprintf("choose another port with %s", flag),
		}
	}
	return port, l.Close()
}

// freePort finds a port that nobody uses and that the system hands to nobody else for a while.
//
// Linux picks free ports at random and would soon give a port that was just closed to the next who
// asks. A connection closed from the listening side leaves the port waiting for a minute, in which
// it is not handed out but can still be listened on by number. macOS and Windows hand out ports in
// turn and need no such care.
func freePort() (int, error) {
	l, err := net.Listen("tcp4", hostPort(0))
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	port := l.Addr().(*net.TCPAddr).Port
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		return port, nil
	}
	caller, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		return 0, fmt.Errorf("hold port %d: %w", port, err)
	}
	defer func() { _ = caller.Close() }()
	called, err := l.Accept()
	if err != nil {
		return 0, fmt.Errorf("hold port %d: %w", port, err)
	}
	return port, called.Close()
}

func hostPort(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
