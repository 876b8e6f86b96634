// Sends numbered spans one after another through the SDK's exporter and prints the number of each that was accepted.
import { setTimeout as sleep } from 'node:timers/promises';
import { OTLPTraceExporter as Grpc } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as Http } from '@opentelemetry/exporter-trace-otlp-proto';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';

const [protocol, endpoint, count] = process.argv.slice(2);
const timeoutMillis = 60_000;
const exporter =
  protocol === 'grpc'
    ? new Grpc({ url: `http://${endpoint}`, timeoutMillis })
    : new Http({ url: `http://${endpoint}/v1/traces`, timeoutMillis });
const tracer = new BasicTracerProvider().getTracer('client');

for (let number = 0; number < Number(count); number++) {
  const span = tracer.startSpan(`span ${number}`);
  span.end();
  const result = await new Promise((done) => exporter.export([span], done));
  if (result.code === 0) console.log(number);
  else console.error(number, result.error?.message);
  await sleep(50);
}
await exporter.shutdown();
process.exit(0);
