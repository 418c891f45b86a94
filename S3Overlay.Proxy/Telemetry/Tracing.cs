using System.Diagnostics;
using System.Reflection;

namespace S3Overlay.Proxy.Telemetry;

/// <summary>
/// Where every span of the proxy is made. Where nobody listens there is none: each call is then a comparison, and nothing is allocated.
/// What a span is given beyond its name is therefore put on it by the caller, behind <c>is not null</c>.
/// </summary>
public static class Tracing
{
    /// <summary>The source's name, for whoever exports it.</summary>
    public const string SourceName = "S3Overlay.Proxy";

    private static readonly ActivitySource Source = new(
        SourceName, typeof(Tracing).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            .Split('+')[0]);

    /// <summary>Whether anybody listens at all.</summary>
    public static bool IsOn => Source.HasListeners();

    /// <summary>A span below the current one, and current itself until it is disposed; null where nobody listens.</summary>
    public static Activity? Start(string name, ActivityKind kind = ActivityKind.Internal) => Source.StartActivity(name, kind);

    /// <summary>A span below another process's.</summary>
    public static Activity? Start(string name, ActivityKind kind, ActivityContext parent) => Source.StartActivity(name, kind, parent);

    /// <summary>
    /// A span below the current one that does not become current: for what goes on beside its maker, and may outlive it. Ended by
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

    /// <summary>Ends a span of <see cref="StartBeside"/>: what is current stays it.</summary>
    public static void StopBeside(Activity? span)
    {
        if (span is not null)
        {
            var current = Activity.Current;
            span.Stop();
            Activity.Current = current;
        }
    }

    /// <summary>Notes on a span that it failed.</summary>
    /// <param name="span">The span, or null.</param>
    /// <param name="error">What went wrong, in a word of few: a code, or the name of an exception's type.</param>
    public static void Fail(this Activity? span, string error) => span?.SetTag(SpanAttributes.ErrorType, error)
        .SetStatus(ActivityStatusCode.Error);
}
