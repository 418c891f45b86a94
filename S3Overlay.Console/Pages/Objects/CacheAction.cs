using S3Overlay.WebConsole.Components;
using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Pages.Objects;

/// <summary>Something to do with the cache entry of a key.</summary>
/// <param name="Name">What its button says.</param>
/// <param name="Question">What is asked before.</param>
/// <param name="Meaning">What it does.</param>
/// <param name="DoAsync">Does it, and says in a sentence what came of it.</param>
internal sealed record CacheAction(string Name, string Question, string Meaning, CacheWork DoAsync)
{
    /// <summary>Whether the cached bytes grow by it.</summary>
    public bool IsFilling => this == Warm;

    private static readonly CacheAction Warm = new(
        "Warm", "Warm this object?",
        "What is missing of it is fetched from the remote into the cache. It is not sent to anyone.", WarmAsync);

    private static readonly CacheAction Evict = new(
        "Evict", "Evict this object?",
        "Its cached bytes are removed. The next read fetches it from the remote. Nothing is lost.", EvictAsync);

    private static readonly CacheAction Pin = new(
        "Pin", "Pin this object?",
        "Once it is cached, it is not evicted to make room. It counts towards the limit of the cache.", PinAsync);

    private static readonly CacheAction Unpin = new(
        "Unpin", "Unpin this object?", "It stays cached until room is needed.", UnpinAsync);

    /// <summary>What can be done with a key.</summary>
    public static IEnumerable<CacheAction> Of(ExplanationDocument of)
    {
        if (of.Reason is "remote" or "partly-held" || (of.Reason == "held" && of.Held is { Current: false }))
        {
            yield return Warm;
        }

        if (of.Held is not null)
        {
            yield return Evict;
        }

        if (of.Pin is { Key: not null })
        {
            yield return Unpin;
        }
        else if (of.Reason is "remote" or "held" or "partly-held")
        {
            yield return Pin;
        }
    }

    private static async Task<string> WarmAsync(ProxyGateway gateway, ProxyQuery query, CancellationToken cancellationToken)
    {
        var done = await gateway.DoAsync<WarmDocument>("warm", query, null, cancellationToken);
        return done switch
        {
            { Stopped: not null } => "It does not fit into the cache.",
            { Failed: > 0 } => $"The remote did not send it: {done.Problem}",
            { NotCached: > 0 } => "It cannot be cached: the remote sends no strong ETag, or the store has no room.",
            { Brought: > 0 } => $"Brought {Show.Bytes(done.Bytes)} into the cache.",
            _ => "It was cached already.",
        };
    }

    private static async Task<string> EvictAsync(ProxyGateway gateway, ProxyQuery query, CancellationToken cancellationToken)
    {
        var done = await gateway.DoAsync<EvictDocument>("evict", query, null, cancellationToken);
        return done.Failed > 0 ? "It could not be evicted. The log says why."
            : done.Entries == 0 ? "It was not cached." : $"Evicted {Show.Bytes(done.Bytes)}.";
    }

    private static async Task<string> PinAsync(ProxyGateway gateway, ProxyQuery query, CancellationToken cancellationToken)
    {
        await gateway.DoAsync<PinChangeDocument>("pin", query, null, cancellationToken);
        return "Pinned.";
    }

    private static async Task<string> UnpinAsync(ProxyGateway gateway, ProxyQuery query, CancellationToken cancellationToken)
    {
        await gateway.DoAsync<PinChangeDocument>("unpin", query, null, cancellationToken);
        return "No longer pinned.";
    }
}

/// <summary>Work on the cache entry of a key.</summary>
/// <param name="gateway">Calls the proxy.</param>
/// <param name="query">Bucket and key.</param>
/// <param name="cancellationToken">Stops it.</param>
/// <returns>What came of it.</returns>
internal delegate Task<string> CacheWork(ProxyGateway gateway, ProxyQuery query, CancellationToken cancellationToken);
