using System.ComponentModel;

using S3Overlay.Proxy.Overlay.Changes;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>POST compact</c>: removes tombstones of a bucket that hide nothing.</summary>
internal sealed class CompactMethod : WorkMethod<CompactResult>
{
    private readonly Compaction _compaction;

    public CompactMethod(Compaction compaction)
        : base("compact", "Removes tombstones that hide nothing, because the remote does not have their keys.")
    {
        _compaction = compaction;
        Parameters = [Parameter.Bucket with { IsRequired = true }, Parameter.Prefix, Parameter.DryRun];
    }

    /// <inheritdoc/>
    protected override Work Begin(MethodCall call)
    {
        var (bucket, prefix, count) = (call.Parameters.RequireBucket(), call.Parameters.Prefix ?? "", new CompactCount());
        return new(
            token => _compaction.CompactAsync(bucket, prefix, call.Parameters.IsDryRun, count, token),
            () => new CompactResult(count.Tombstones, count.Removed, count.Kept, count.Pages))
            {
                FoundNothing = () => count.Tombstones == 0,
            };
    }
}

/// <summary>Result of a compaction.</summary>
internal sealed record CompactResult(
    [property: Description("Tombstones examined.")] long Tombstones,
    [property: Description("Tombstones that hid nothing and were removed.")] long Removed,
    [property: Description("Tombstones that hid nothing but stayed, because their keys were being deleted again.")] long Kept,
    [property: Description("Listing pages read from the remote.")] long RemotePages);
