using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>A meter's instruments as a page for Prometheus. New instruments appear on it automatically.</summary>
/// <remarks>https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format</remarks>
public sealed class MetricsPage : IDisposable
{
    /// <summary>The content type of the page.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly ConcurrentDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private readonly Lock _rendering = new();

    /// <summary>Starts to listen to a meter.</summary>
    public MetricsPage(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
            {
                listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(instrument.Name, _ => new(instrument)));
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => ((Family)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => ((Family)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => ((Family)family!).Record(value, tags));
        _listener.Start();
    }

    /// <summary>Renders the current values.</summary>
    public string Render()
    {
        var text = new StringBuilder();
        lock (_rendering)
        {
            _listener.RecordObservableInstruments();
            foreach (var family in _families.Values.OrderBy(family => family.Name, StringComparer.Ordinal))
            {
                family.Render(text);
            }
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>The values of one instrument, one series per set of labels.</summary>
    private sealed class Family(Instrument instrument)
    {
        private readonly ConcurrentDictionary<Labels, Series> _series = new();
        private readonly bool _isObservable = instrument.IsObservable;
        private readonly double[]? _bounds =
            instrument is Histogram<double> histogram ? [.. histogram.Advice?.HistogramBucketBoundaries ?? [0.01, 0.1, 1, 10]] : null;

        /// <summary>The series recorded last: mostly the next one too, which saves a look-up.</summary>
        private Series? _last;

        public string Name => instrument.Name;

        public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var labels = new Labels(tags.Length > 0 ? tags[0] : default, tags.Length > 1 ? tags[1] : default);
            var series = _last;
            if (series is null || !series.Labels.Equals(labels))
            {
                if (!_series.TryGetValue(labels, out series))
                {
                    series = _series.GetOrAdd(labels, new Series(labels, _bounds));
                }

                _last = series;
            }

            series.Record(value, _isObservable);
        }

        public void Render(StringBuilder text)
        {
            var type = _bounds is not null ? "histogram" : instrument is Counter<long> or ObservableCounter<long> ? "counter" : "gauge";
            text.Append("# HELP ").Append(Name).Append(' ').Append(instrument.Description).Append('\n');
            text.Append("# TYPE ").Append(Name).Append(' ').Append(type).Append('\n');
            if (_series.IsEmpty && type == "counter")
            {
                // rate() would miss the first event of a counter that appears only with it.
                text.Append(Name).Append(" 0\n");
            }

            foreach (var (labels, series) in _series.OrderBy(pair => pair.Key.ToString(), StringComparer.Ordinal))
            {
                series.Render(text, Name, labels.ToString());
            }
        }

        /// <summary>
        /// Up to two labels; no instrument has more. Compared member by member, since the framework hashes such pairs by reflection.
        /// </summary>
        private readonly struct Labels(KeyValuePair<string, object?> first, KeyValuePair<string, object?> second) : IEquatable<Labels>
        {
            private KeyValuePair<string, object?> First { get; } = first;

            private KeyValuePair<string, object?> Second { get; } = second;

            public bool Equals(Labels other) => Same(First, other.First) && Same(Second, other.Second);

            public override bool Equals(object? other) => other is Labels labels && Equals(labels);

            public override int GetHashCode() => HashCode.Combine(First.Value, Second.Value);

            public override string ToString() => (First.Key, Second.Key) switch
            {
                (null, _) => "",
                (_, null) => One(First),
                _ => $"{One(First)},{One(Second)}",
            };

            private static bool Same(KeyValuePair<string, object?> one, KeyValuePair<string, object?> other) =>
                Equals(one.Value, other.Value) && string.Equals(one.Key, other.Key, StringComparison.Ordinal);

            private static string One(KeyValuePair<string, object?> label) =>
                string.Create(CultureInfo.InvariantCulture, $"{label.Key}=\"{label.Value}\"");
        }

        private sealed class Series(Labels labels, double[]? bounds)
        {
            public readonly Labels Labels = labels;
            private readonly long[] _buckets = new long[(bounds?.Length ?? 0) + 1];
            private double _sum;

            public void Record(double value, bool isTotal)
            {
                if (isTotal)
                {
                    Volatile.Write(ref _sum, value);
                    return;
                }

                var bucket = 0;
                while (bounds is not null && bucket < bounds.Length && value > bounds[bucket])
                {
                    bucket++;
                }

                Interlocked.Increment(ref _buckets[bucket]);
                double before;
                do
                {
                    before = Volatile.Read(ref _sum);
                }
                while (!Interlocked.CompareExchange(ref _sum, before + value, before).Equals(before));
            }

            public void Render(StringBuilder text, string name, string labels)
            {
                if (bounds is null)
                {
                    Line(text, name, labels, Volatile.Read(ref _sum));
                    return;
                }

                var separator = labels.Length == 0 ? "" : ",";
                long count = 0;
                for (var i = 0; i < _buckets.Length; i++)
                {
                    count += Volatile.Read(ref _buckets[i]);
                    var bound = i < bounds.Length ? Number(bounds[i]) : "+Inf";
                    Line(text, name + "_bucket", $"{labels}{separator}le=\"{bound}\"", count);
                }

                Line(text, name + "_sum", labels, Volatile.Read(ref _sum));
                Line(text, name + "_count", labels, count);
            }

            private static void Line(StringBuilder text, string name, string labels, double value)
            {
                text.Append(name);
                if (labels.Length > 0)
                {
                    text.Append('{').Append(labels).Append('}');
                }

                text.Append(' ').Append(Number(value)).Append('\n');
            }
        }
    }
}
