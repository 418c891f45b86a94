using S3Overlay.WebConsole.Components;
using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Pages.Cache;

/// <summary>Brings objects into the cache, and knows how far it is.</summary>
public sealed class WarmRun(CacheTarget target)
{
    private CancellationTokenSource? _stopping;
    private bool _isDone;

    /// <summary>What is brought.</summary>
    public CacheTarget Target => target;

    /// <summary>How far it is; null before the first report.</summary>
    public WarmDocument? Progress { get; private set; }

    /// <summary>Whether it goes on.</summary>
    public bool IsRunning => _stopping is not null;

    /// <summary>Whether the user stopped it.</summary>
    public bool WasStopped { get; private set; }

    /// <summary>How it ended, or that it goes on, in a word.</summary>
    public string State => IsRunning ? "Warming" : WasStopped ? "Stopped" : _isDone ? "Warmed" : "Not warmed:";

    /// <summary>The share that is cached, 0 to 1; null while the objects are listed.</summary>
    public double? Share => Progress is { ObjectBytes: { } all } of
        ? all == 0 ? 1 : Math.Clamp((of.Bytes + of.HeldBytes) / (double)all, 0, 1) : null;

    /// <summary>What happened so far, in words.</summary>
    public string Text
    {
        get
        {
            if (Progress is not { } of)
            {
                return IsRunning ? "Listing the objects…" : "";
            }

            List<string> parts = [$"Brought {Objects(of.Brought)} ({Show.Bytes(of.Bytes)})"];
            Add(of.Held, $"{Show.Count(of.Held)} were cached before");
            Add(of.Absent, $"{Show.Count(of.Absent)} are written or deleted here, or gone");
            Add(of.NotCached, $"{Show.Count(of.NotCached)} cannot be cached");
            Add(of.Failed, $"{Show.Count(of.Failed)} failed");
            return string.Join(", ", parts) + ".";

            void Add(long count, string text) => parts.AddRange(count > 0 ? [text] : []);
        }
    }

    /// <summary>What went wrong, in words; null for nothing.</summary>
    public string? Problem => Progress switch
    {
        { Stopped: { Room: { } room, Next: var next } } =>
            $"The cache is full: the next object needs {Show.Bytes(next)}, and there is room for {Show.Bytes(room)} beside what is pinned.",
        { Stopped: not null } => "The disk is short of space.",
        { Problem: { } problem } => problem,
        _ => null,
    };

    /// <summary>Does it.</summary>
    /// <exception cref="ProxyError">The proxy refused.</exception>
    internal async Task RunAsync(ProxyGateway gateway, Action changed, CancellationToken leaving)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(leaving);
        _stopping = stopping;
        try
        {
            Progress = await gateway.DoAsync<WarmDocument>("warm", target.Query(nameAll: false), progress =>
            {
                Progress = progress;
                changed();
            }, stopping.Token);
            _isDone = true;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !leaving.IsCancellationRequested)
        {
            WasStopped = true;
        }
        finally
        {
            _stopping = null;
        }
    }

    /// <summary>Stops it. What was brought stays.</summary>
    public void Stop() => _stopping?.Cancel();

    private static string Objects(long count) => count == 1 ? "1 object" : $"{Show.Count(count)} objects";
}
