// Sends numbered spans one after another through the SDK's exporter and prints the number of each that was accepted.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

func main() {
	protocol, endpoint := os.Args[1], os.Args[2]
	count, _ := strconv.Atoi(os.Args[3])
	ctx := context.Background()
	// The default of 10 s leaves room for one retry, somewhere between 2.5 and 7.5 s after a failure.
	patience := 60 * time.Second
	var client otlptrace.Client
	if protocol == "grpc" {
		client = otlptracegrpc.NewClient(otlptracegrpc.WithEndpoint(endpoint),
			otlptracegrpc.WithInsecure(), otlptracegrpc.WithTimeout(patience))
	} else {
		client = otlptracehttp.NewClient(otlptracehttp.WithEndpoint(endpoint),
			otlptracehttp.WithInsecure(), otlptracehttp.WithTimeout(patience))
	}
	exporter, err := otlptrace.New(ctx, client)
	if err != nil {
		panic(err)
	}
	for number := 0; number < count; number++ {
		var id [8]byte
		id[7], id[6], id[0] = byte(number), byte(number>>8), 1
		now := time.Now()
		stub := tracetest.SpanStub{
			Name: fmt.Sprintf("span %d", number),
			SpanContext: trace.NewSpanContext(trace.SpanContextConfig{
				TraceID: trace.TraceID{1, 2, 3}, SpanID: id, TraceFlags: trace.FlagsSampled,
			}),
			StartTime: now, EndTime: now,
		}
		if err := exporter.ExportSpans(ctx, []sdk.ReadOnlySpan{stub.Snapshot()}); err != nil {
			fmt.Fprintln(os.Stderr, number, err)
			continue
		}
		fmt.Println(number)
		time.Sleep(50 * time.Millisecond)
	}
	exporter.Shutdown(ctx)
}
