using System.ComponentModel;

using S3Overlay.Proxy.Overlay.Changes;
using S3Overlay.Proxy.Overlay.Reading;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>POST evict</c>: removes cached bytes of a key, a prefix, a bucket or all of them, and nothing else (rule E3).</summary>
internal sealed class EvictMethod : WorkMethod<EvictResult>
{
    private readonly Evictions _evictions;

    public EvictMethod(Evictions evictions)
        : base("evict", "Evicts cache entries. The next read asks the remote. Written objects are not touched.")
    {
        _evictions = evictions;
        (Parameters, OldNames) = ([.. Parameter.Scope, Parameter.DryRun], ["drop"]);
    }

    /// <inheritdoc/>
    protected override Work Begin(MethodCall call)
    {
        var (scope, isDryRun, count) = (call.Parameters.Scope(), call.Parameters.IsDryRun, new EvictCount());
        return new(
            token => _evictions.EvictAsync(scope, isDryRun, count, token),
            () => new EvictResult(count.Entries, count.Bytes, count.Failed, count.Pinned))
            {
                FoundNothing = () => count.Entries + count.Failed == 0,
            };
    }
}

/// <summary>Result of an eviction.</summary>
internal sealed record EvictResult(
    [property: Description("Entries evicted.")] long Entries,
    [property: Description("Object bytes that were cached in them.")] long Bytes,
    [property: Description("Entries that could not be evicted; the log says why.")] long Failed,
    [property: Description("Evicted entries of pinned keys. They stay pinned: once they are read, they are cached and kept again.")]
    long Pinned);
