// Sends events with fluent-logger-golang, each acked. The records come from a file, one JSON object a line; what must
// arrive is written to another.
//
//	go run . HOST PORT RECORDS EXPECTED
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"

	"github.com/fluent/fluent-logger-golang/fluent"
)

// The client's msgpack library knows Go's own types only: a json.Number becomes an integer or a float.
func plain(value any) any {
	switch v := value.(type) {
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return whole
		}
		real, err := v.Float64()
		if err != nil {
			log.Fatal(err)
		}
		return real
	case map[string]any:
		for key := range v {
			v[key] = plain(v[key])
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	}
	return value
}

func main() {
	if len(os.Args) != 5 {
		log.Fatal("usage: HOST PORT RECORDS EXPECTED")
	}
	port, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	records, err := os.Open(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	expected, err := os.Create(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	for _, precise := range []bool{false, true} {
		send(port, precise, records, expected)
	}
	if err := expected.Close(); err != nil {
		log.Fatal(err)
	}
}

func send(port int, precise bool, records *os.File, expected *os.File) {
	logger, err := fluent.New(fluent.Config{FluentHost: os.Args[1], FluentPort: port, RequestAck: true,
		SubSecondPrecision: precise})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := records.Seek(0, 0); err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(records)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		decoder := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		decoder.UseNumber()
		record := map[string]any{}
		if err := decoder.Decode(&record); err != nil {
			log.Fatal(err)
		}
		record["client"] = fmt.Sprintf("go, nanoseconds %v", precise)
		text, err := json.Marshal(record)
		if err != nil {
			log.Fatal(err)
		}
		if err := logger.Post("app.follow", plain(record)); err != nil {
			log.Fatal(err) // also when the ack did not come
		}
		fmt.Fprintf(expected, "%s\n", text)
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	if err := logger.Close(); err != nil {
		log.Fatal(err)
	}
}
