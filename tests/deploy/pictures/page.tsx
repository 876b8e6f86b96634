// A dashboard drawn with Grafana's own components from answers of a real Prometheus (window.board, window.answers).
import React from 'react';
import { createRoot } from 'react-dom/client';
import {
  applyFieldOverrides, createTheme, FieldType, getDisplayProcessor, getFieldDisplayValues, MutableDataFrame, ThemeContext,
} from '@grafana/data';
import { LegendDisplayMode, TooltipDisplayMode, VizOrientation, BarGaugeDisplayMode } from '@grafana/schema';
import { BarGauge, BigValue, GlobalStyles, PanelChrome, Table, TimeSeries } from '@grafana/ui';

const theme = createTheme({ colors: { mode: 'dark' } });
const UNIT = 38; // pixels of a row of the grid
const WIDTH = 1440;

function legend(format, metric) {
  const names = format && format !== '__auto' ? format.replace(/{{(\w+)}}/g, (_, label) => metric[label] ?? '') : '';
  return names || Object.values(metric).join(' ') || 'value';
}

// What Grafana does to a panel's JSON before it draws: a colour for each series, no thresholds are one,
// and the lowest has no bound.
function defaults({ type, fieldConfig: { defaults: given } }) {
  const { mode, steps } = given.thresholds ?? { mode: 'absolute', steps: [{ color: 'green', value: null }] };
  const color = { mode: type === 'timeseries' ? 'palette-classic' : 'thresholds' };
  return { color, ...given, thresholds: { mode, steps: steps.map((step) => ({ ...step, value: step.value ?? -Infinity })) } };
}

// Series that stay at nought are left out where others don't: a legend of twelve modes hides the two that speak.
function speaking(series) {
  const some = series.filter(({ values }) => values.length < 3 || values.some(([, value]) => Number(value) > 0));
  return some.length ? some : series.slice(0, 3);
}

// One frame for each series of each target, with the panel's unit, thresholds and colours applied.
function frames(panel) {
  const made = panel.targets.flatMap((target, index) =>
    speaking(window.answers[`${panel.title} ${index}`]).map(({ metric, values }) =>
      new MutableDataFrame({
        fields: [
          { name: 'time', type: FieldType.time, values: values.map(([time]) => time * 1000) },
          {
            name: legend(target.legendFormat, metric), type: FieldType.number,
            config: { ...defaults(panel), displayName: legend(target.legendFormat, metric) },
            values: values.map(([, value]) => (value === 'NaN' ? null : Number(value))),
          },
        ],
      })));
  return applyFieldOverrides({
    data: made, theme, fieldConfig: { defaults: defaults(panel), overrides: [] }, replaceVariables: (text) => text, timeZone: 'utc',
  });
}

function Lines({ panel, width, height }) {
  const data = frames(panel);
  data.forEach((frame) => (frame.fields[1].config.custom = { lineWidth: 2, fillOpacity: 8, ...panel.fieldConfig.defaults.custom, drawStyle: 'line', showPoints: 'never' }));
  const times = data.flatMap((frame) => frame.fields[0].values);
  const timeRange = { from: { valueOf: () => Math.min(...times) }, to: { valueOf: () => Math.max(...times) } };
  return <TimeSeries frames={data} timeRange={timeRange} timeZone="utc" width={width} height={height}
    legend={{ displayMode: LegendDisplayMode.List, placement: 'bottom', showLegend: true, calcs: [] }} />;
}

function displays(panel) {
  return getFieldDisplayValues({
    fieldConfig: { defaults: defaults(panel), overrides: [] }, reduceOptions: { calcs: ['lastNotNull'], values: false }, data: frames(panel), theme,
    replaceVariables: (text) => text,
  });
}

function Numbers({ panel, width, height }) {
  const [value] = displays(panel);
  delete value.display.title;
  return <BigValue theme={theme} value={value.display} width={width} height={height} colorMode="value" graphMode="none" textMode="value" />;
}

function Bars({ panel, width, height }) {
  const values = displays(panel).slice(0, 8);
  const each = Math.min(34, height / Math.max(values.length, 1));
  return values.map((value, n) => (
    <BarGauge key={n} theme={theme} width={width} height={each} value={value.display} field={value.field} display={value.view?.getFieldDisplayProcessor(value.colIndex)}
      orientation={VizOrientation.Horizontal} displayMode={BarGaugeDisplayMode.Gradient} />));
}

function Rows({ panel, width, height }) {
  const answers = window.answers[`${panel.title} 0`];
  const labels = [...new Set(answers.flatMap(({ metric }) => Object.keys(metric)))];
  const frame = new MutableDataFrame({
    fields: [
      ...labels.map((label) => ({ name: label, type: FieldType.string, values: answers.map(({ metric }) => metric[label] ?? ''), config: {} })),
      { name: 'value', type: FieldType.number, values: answers.map(({ values }) => Number(values.at(-1)[1])), config: {} },
    ],
  });
  const [data] = applyFieldOverrides({
    data: [frame], theme, fieldConfig: { defaults: defaults(panel), overrides: [] }, replaceVariables: (text) => text, timeZone: 'utc',
  });
  return <Table data={data} width={width} height={height} />;
}

const KINDS = { timeseries: Lines, stat: Numbers, bargauge: Bars, table: Rows };

function Panel({ panel }) {
  const { x, y, w, h } = panel.gridPos;
  const width = (w * WIDTH) / 24 - 8;
  const style = { position: 'absolute', left: (x * WIDTH) / 24 + 4, top: y * UNIT + 4, width };
  if (panel.type === 'row') {
    return <h5 style={{ ...style, lineHeight: `${UNIT}px` }}>{panel.title}</h5>;
  }
  const Kind = KINDS[panel.type];
  return (
    <div style={style}>
      <PanelChrome title={panel.title} description={panel.description} width={width} height={h * UNIT - 8}>
        {(innerWidth, innerHeight) => <Kind panel={panel} width={innerWidth} height={innerHeight} />}
      </PanelChrome>
    </div>
  );
}

document.body.style.color = theme.colors.text.primary;
const bottom = Math.max(...window.board.panels.map(({ gridPos: { y, h } }) => y + h));
createRoot(document.getElementById('root')).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    <div id="board" style={{ position: 'relative', width: WIDTH, height: bottom * UNIT + 56, background: theme.colors.background.canvas }}>
      <h3 style={{ padding: '12px 12px 0' }}>{window.board.title}</h3>
      <div style={{ position: 'absolute', top: 52, left: 0 }}>{window.board.panels.map((panel, n) => <Panel key={n} panel={panel} />)}</div>
    </div>
  </ThemeContext.Provider>,
);
