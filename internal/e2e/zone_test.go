package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// zoneFolder is what ZONEINFO names, below the shared folder.
const zoneFolder = "zones"

// zoneName is the zone that is so many minutes ahead of UTC.
func zoneName(minutes int) string { return fmt.Sprintf("Test/Ahead%02d", minutes) }

// writeZones writes a zone for each minute of the hour. Whole minutes, because times travel as RFC
// 3339, whose offsets have no seconds.
func writeZones(dir string) error {
	for minutes := range 60 {
		path := filepath.Join(dir, filepath.FromSlash(zoneName(minutes)))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, zoneData(time.Duration(minutes)*time.Minute), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// zoneData is a zone that never changes its offset, as RFC 8536 has it in version 1.
func zoneData(offset time.Duration) []byte {
	var b bytes.Buffer
	b.WriteString("TZif")
	b.Write(make([]byte, 16)) // version 1, and room kept
	const isUT, isStd, leaps, transitions, types, letters = 0, 0, 0, 0, 1, 4
	for _, count := range []uint32{isUT, isStd, leaps, transitions, types, letters} {
		b.Write(binary.BigEndian.AppendUint32(nil, count))
	}
	b.Write(binary.BigEndian.AppendUint32(nil, uint32(offset/time.Second)))
	b.Write([]byte{0, 0}) // no summer time; its name is the first
	b.WriteString("TST\x00")
	return b.Bytes()
}

// soon is a slot that begins when the programs have been started and fed, and the zone it is in.
func soon(now time.Time) (slot time.Time, zone string) {
	const lead = 30 * time.Second
	slot = now.Add(lead + time.Minute - 1).Truncate(time.Minute)
	minutes := (60 - slot.Minute()) % 60
	zone = zoneName(minutes)
	return slot.In(time.FixedZone(zone, minutes*60)), zone
}

func TestZones(t *testing.T) {
	t.Parallel()
	for minutes := range 60 {
		now := time.Date(2026, 11, 23, 23, minutes, 7, 0, time.UTC)
		slot, name := soon(now)
		data, err := os.ReadFile(filepath.Join(folder, zoneFolder, filepath.FromSlash(name)))
		require.NoError(t, err)
		zone, err := time.LoadLocationFromTZData(name, data)
		require.NoError(t, err)
		local := slot.In(zone)
		require.Zero(t, local.Minute()+local.Second(), "%s in %s is %s", slot, name, local)
		require.Equal(t, slot.Format(time.RFC3339), local.Format(time.RFC3339))
		require.InDelta(t, 60, slot.Sub(now).Seconds(), 30)
	}
}
