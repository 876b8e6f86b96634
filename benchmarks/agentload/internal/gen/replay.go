package gen

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"slices"

	"agentload/internal/wire"
)

// Replay reads requests that were recorded: length-prefixed (uint32 LE), as -dump writes them. Every place of a span's
// trace id, span id and parent id is patched, also in links, so that each epoch stands for new traces.
func Replay(path string) ([]Request, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var pool []Request
	for len(data) >= 4 {
		n := int(binary.LittleEndian.Uint32(data))
		if n > len(data)-4 {
			break
		}
		q := Request{Body: data[4 : 4+n]}
		data = data[4+n:]
		if err := wire.EachSpan(q.Body, func(s wire.SpanRef) { q.Spans = append(q.Spans, s) }); err != nil {
			return nil, err
		}
		q.ids = places(q)
		pool = append(pool, q)
	}
	if len(data) > 0 || len(pool) == 0 {
		return nil, fmt.Errorf("%s: not a pool of requests", path)
	}
	return pool, nil
}

func places(q Request) []int {
	ids := map[string]bool{}
	for _, s := range q.Spans {
		if s.TraceID >= 0 {
			ids[string(q.Body[s.TraceID:s.TraceID+16])] = true
		}
		for _, off := range [...]int{s.SpanID, s.Parent} {
			if off >= 0 {
				ids[string(q.Body[off:off+8])] = true
			}
		}
	}
	found := []int{}
	for id := range ids {
		for at := 0; ; at++ {
			next := bytes.Index(q.Body[at:], []byte(id))
			if next < 0 {
				break
			}
			at += next
			found = append(found, at)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
