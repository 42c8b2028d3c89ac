package main

// Images: how one static program becomes an OCI archive that containerd
// imports without a registry. Knows nothing of clusters.

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path"
)

const (
	imagePause = "docker.io/local/pause:1"
	imageApp   = "docker.io/local/demo-app"
)

// image is one program under one fully qualified name: containerd takes a name
// without a registry host for another image than the kubelet asks for.
type image struct {
	name    string
	program string // on this machine
	command []string
	env     []string
}

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// archive collects blobs by digest, so that images share equal layers.
type archive struct {
	blobs map[string][]byte
	order []string
}

func (a *archive) add(mediaType string, blob []byte) descriptor {
	digest := fmt.Sprintf("%x", sha256.Sum256(blob))
	if _, known := a.blobs[digest]; !known {
		a.blobs[digest] = blob
		a.order = append(a.order, digest)
	}
	return descriptor{MediaType: mediaType, Digest: "sha256:" + digest, Size: len(blob)}
}

// writeImages writes one OCI archive that holds all the images.
func writeImages(file string, images []image) error {
	content := archive{blobs: map[string][]byte{}}
	manifests := []descriptor{}
	for _, image := range images {
		manifest, err := content.addImage(image)
		if err != nil {
			return err
		}
		manifests = append(manifests, manifest)
	}
	index, err := json.Marshal(map[string]any{
		"schemaVersion": 2,
		"mediaType":     "application/vnd.oci.image.index.v1+json",
		"manifests":     manifests,
	})
	if err != nil {
		return err
	}
	var out bytes.Buffer
	writer := tar.NewWriter(&out)
	entries := []tarEntry{
		{"oci-layout", 0o644, []byte(`{"imageLayoutVersion":"1.0.0"}`)},
		{"index.json", 0o644, index},
	}
	for _, digest := range content.order {
		entries = append(entries, tarEntry{"blobs/sha256/" + digest, 0o644, content.blobs[digest]})
	}
	if err := writeTar(writer, entries); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}

func (a *archive) addImage(image image) (descriptor, error) {
	program, err := os.ReadFile(image.program)
	if err != nil {
		return descriptor{}, err
	}
	var layer bytes.Buffer
	writer := tar.NewWriter(&layer)
	if err := writeTar(writer, []tarEntry{{path.Base(image.command[0]), 0o755, program}}); err != nil {
		return descriptor{}, err
	}
	rootfs := a.add("application/vnd.oci.image.layer.v1.tar", layer.Bytes())
	config, err := json.Marshal(map[string]any{
		"architecture": architecture(),
		"os":           "linux",
		"config": map[string]any{
			"Entrypoint": image.command[:1],
			"Cmd":        image.command[1:],
			"Env":        append([]string{"PATH=/"}, image.env...),
			"User":       "65532:65532",
		},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{rootfs.Digest}},
	})
	if err != nil {
		return descriptor{}, err
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2,
		"mediaType":     "application/vnd.oci.image.manifest.v1+json",
		"config":        a.add("application/vnd.oci.image.config.v1+json", config),
		"layers":        []descriptor{rootfs},
	})
	if err != nil {
		return descriptor{}, err
	}
	entry := a.add("application/vnd.oci.image.manifest.v1+json", manifest)
	entry.Annotations = map[string]string{"io.containerd.image.name": image.name}
	return entry, nil
}

type tarEntry struct {
	name    string
	mode    int64
	content []byte
}

func writeTar(writer *tar.Writer, entries []tarEntry) error {
	for _, entry := range entries {
		header := &tar.Header{Name: entry.name, Mode: entry.mode, Size: int64(len(entry.content))}
		if err := writer.WriteHeader(header); err != nil {
			return err
		}
		if _, err := writer.Write(entry.content); err != nil {
			return err
		}
	}
	return writer.Close()
}
