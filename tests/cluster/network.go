package main

// Addresses. Everything lies in 198.18.0.0/15, the range for benchmarking
// networks, which nobody routes; each cluster with a node of its own has
// another slice of it.

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// addresses of one cluster. HostAddress, NodeAddress, PodRange and Link are
// empty unless the node is real.
type addresses struct {
	Link         string // the host's end of the link to the node
	HostAddress  string // where a pod finds the host
	NodeAddress  string
	PodRange     string
	ServiceRange string
	ServiceIP    string // the API server's service
	APIAddress   string
	APIPort      int
	EtcdPort     int
	EtcdPeerPort int
}

// slots is how many clusters with a real node one machine can have: 198.18 and
// 198.19 are cut into this many /21 for pods and for services.
const slots = 32

func sliceOf(slot int) addresses {
	base := slot * (256 / slots)
	return addresses{
		Link:         "gitops-t" + strconv.Itoa(slot),
		HostAddress:  fmt.Sprintf("198.18.%d.1", base+4),
		NodeAddress:  fmt.Sprintf("198.18.%d.2", base+4),
		PodRange:     fmt.Sprintf("198.18.%d.0/22", base),
		ServiceRange: fmt.Sprintf("198.19.%d.0/21", base),
		ServiceIP:    fmt.Sprintf("198.19.%d.1", base),
		APIAddress:   fmt.Sprintf("198.18.%d.2", base+4),
		// Nobody else is in the node's network, so ports are fixed.
		APIPort: 6443, EtcdPort: 2379, EtcdPeerPort: 2380,
	}
}

// localAddresses are for clusters without a node: loopback and free ports.
func localAddresses() (addresses, error) {
	ports, err := freePorts(3)
	if err != nil {
		return addresses{}, err
	}
	return addresses{
		ServiceRange: sliceOf(0).ServiceRange,
		ServiceIP:    sliceOf(0).ServiceIP,
		APIAddress:   "127.0.0.1",
		APIPort:      ports[0], EtcdPort: ports[1], EtcdPeerPort: ports[2],
	}, nil
}

// freePorts holds all the ports open until it has enough, so that they differ.
func freePorts(count int) ([]int, error) {
	var ports []int
	for len(ports) < count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// linkNode makes the link between the host and the network of process pid. The
// kernel allocates the slot: it lets one link have a name, whoever asks.
func linkNode(pid int) (addresses, error) {
	for slot := range slots {
		slice := sliceOf(slot)
		if inUse(slice) {
			continue
		}
		err := ip(fmt.Sprintf("link add %s type veth peer name eth0 netns %d", slice.Link, pid))
		if err != nil && strings.Contains(err.Error(), "File exists") {
			continue
		}
		if err != nil {
			return slice, err
		}
		return slice, ip(
			"addr add "+slice.HostAddress+"/30 dev "+slice.Link,
			"link set "+slice.Link+" up",
			"route add "+slice.PodRange+" via "+slice.NodeAddress,
			"route add "+slice.ServiceRange+" via "+slice.NodeAddress)
	}
	return addresses{}, fmt.Errorf("all %d slices of 198.18.0.0/15 are taken: end other clusters with `make cluster-down`", slots)
}

// configureNode sets up the node's end, from inside.
func configureNode(own addresses) error {
	if err := ip(
		"link set lo up",
		"addr add "+own.NodeAddress+"/30 dev eth0",
		"link set eth0 up",
		"route add default via "+own.HostAddress); err != nil {
		return err
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0)
}

func inUse(slice addresses) bool {
	taken, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	_, pods, _ := net.ParseCIDR(slice.PodRange)
	for _, address := range taken {
		network, ok := address.(*net.IPNet)
		if ok && (pods.Contains(network.IP) || network.Contains(net.ParseIP(slice.HostAddress))) {
			return true
		}
	}
	return false
}

// ip runs one batch of ip(8) commands.
func ip(lines ...string) error {
	command := exec.Command("ip", "-batch", "-")
	command.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	_, err := execute(command)
	return err
}

// unlinkNode removes the host's end of a link, in case the kernel has not yet
// done so after the node's network ended.
func unlinkNode(link string) error {
	if link == "" {
		return nil
	}
	if _, err := net.InterfaceByName(link); err != nil {
		return nil
	}
	if err := ip("link del " + link); err != nil && !strings.Contains(err.Error(), "Cannot find device") {
		return errors.Join(errors.New("removing the link "+link), err)
	}
	return nil
}
