using System.Runtime.CompilerServices;

using S3Overlay.Promote;
using S3Overlay.Promote.Wire;
using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Overlay.Changes;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary>A running proxy, as <c>promote</c> needs it.</summary>
internal sealed class OverlayOfProxy(ProxyClient proxy, Target target, S3Wire objects) : IOverlay
{
    /// <inheritdoc/>
    public S3Wire Objects => objects;

    /// <summary>Gets how many changes the proxy has listed.</summary>
    public Action<long>? Listed { get; set; }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChangedKey> ChangesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var count = 0L;
        await foreach (var line in proxy.ListAsync("changes", new Parameters().With(target), cancellationToken))
        {
            var change = line.As<ChangeLine>();
            Listed?.Invoke(++count);
            yield return new ChangedKey(change.Bucket, change.Key, KindOf(change.Kind), UpstreamOf(change.Upstream))
            {
                Size = change.Written?.Size ?? 0,
                ETag = change.Written?.ETag,
                RemoteETag = change.Remote?.ETag,
                Place = change.Place is { } place ? new(place.Remote, place.Endpoint, place.Bucket, place.Key) : null,
                Stamp = change.Stamp,
            };
        }
    }

    /// <inheritdoc/>
    public async Task<RevertAnswer> RevertAsync(ChangedKey change, string? shows, CancellationToken cancellationToken)
    {
        var parameters = new Parameters().With("bucket", change.Bucket).With("key", change.Key).With("only", change.Stamp)
            .With("shows", shows is null ? null : ETags.Quoted(shows));
        try
        {
            var result = (await proxy.DoAsync("revert", parameters, null, static _ => { }, cancellationToken)).As<RevertResult>();
            return result switch
            {
                { Reverted: > 0 } => RevertAnswer.Reverted,
                { WithVersions: > 0 } => RevertAnswer.HasVersions,
                { Locked: > 0 } => RevertAnswer.Locked,
                { Young: > 0 } => RevertAnswer.Young,
                { Added: > 0 } => RevertAnswer.NotShown,

                // Changed, or there is no change of the key any more.
                _ => RevertAnswer.Changed,
            };
        }
        catch (Exception failure) when (failure is ProxyRefusal or HttpRequestException)
        {
            throw new WireException(failure.Message, failure);
        }
    }

    private static ChangedKind KindOf(ChangeKind kind) => kind switch
    {
        ChangeKind.Added => ChangedKind.Added,
        ChangeKind.Overwritten => ChangedKind.Overwritten,
        ChangeKind.MetadataOnly => ChangedKind.MetadataOnly,
        ChangeKind.Same => ChangedKind.Same,
        _ => ChangedKind.Deleted,
    };

    private static UpstreamChange UpstreamOf(UpstreamState state) => state switch
    {
        UpstreamState.Unchanged => UpstreamChange.Unchanged,
        UpstreamState.Changed => UpstreamChange.Changed,
        _ => UpstreamChange.Unknown,
    };
}
