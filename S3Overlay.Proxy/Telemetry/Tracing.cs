using System.Diagnostics;
using System.Reflection;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// Creates all spans of the proxy. When tracing is off, each call is a comparison and allocates nothing. Callers set attributes behind
/// <c>is not null</c>.
/// </summary>
public static partial class Tracing
{
    /// <summary>The source's name, for exporters.</summary>
    public const string SourceName = "S3Overlay.Proxy";

    private static readonly ActivitySource Source = new(
        SourceName, typeof(Tracing).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            .Split('+')[0]);

    /// <summary>Whether tracing is on.</summary>
    public static bool IsOn => Source.HasListeners();

    /// <summary>Starts a span below the current one and makes it current until it is disposed. Null when tracing is off.</summary>
    public static Activity? Start(string name, ActivityKind kind = ActivityKind.Internal) => Source.StartActivity(name, kind);

    /// <summary>Starts a span below another process's.</summary>
    public static Activity? Start(string name, ActivityKind kind, ActivityContext parent) => Source.StartActivity(name, kind, parent);

    /// <summary>
    /// Starts a span below the current one without making it current: for work that may outlive its creator. End it with
    /// <see cref="StopBeside"/>.
    /// </summary>
    public static Activity? StartBeside(string name, DateTimeOffset startedAt = default, params ReadOnlySpan<ActivityContext> links)
    {
        if (!IsOn)
        {
            return null;
        }

        var current = Activity.Current;
        var linked = new List<ActivityLink>(links.Length);
        foreach (var link in links)
        {
            linked.Add(new(link));
        }

        var span = Source.StartActivity(name, ActivityKind.Internal, current?.Context ?? default, tags: null, linked, startedAt);
        Activity.Current = current;
        return span;
    }

    /// <summary>Ends a span of <see cref="StartBeside"/> and keeps the current one.</summary>
    public static void StopBeside(Activity? span)
    {
        if (span is not null)
        {
            var current = Activity.Current;
            span.Stop();
            Activity.Current = current;
        }
    }

    /// <summary>Marks a span as failed.</summary>
    /// <param name="error">A code, or the name of an exception type.</param>
    public static void Fail(this Activity? span, string error) => span?.SetTag(SpanAttributes.ErrorType, error)
        .SetStatus(ActivityStatusCode.Error);
}
