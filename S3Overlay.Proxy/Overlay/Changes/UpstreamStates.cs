using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Changes;

/// <summary>Decides whether the remote has changed since a change was made here (rule P2).</summary>
/// <remarks>
/// <code>
///   base             the remote now                unchanged if
///   an object        an object                     they are the same version
///                    nothing                       never
///   no such key      an object                     never
///                    nothing                       always
///   unknown          an object                     it is at least a minute older than the first change here
///                    nothing                       always: there is nothing that the change could hide
/// </code>
/// An unknown base is compared by two clocks: this proxy's, and the remote's as its responses show it.
/// </remarks>
internal static class UpstreamStates
{
    /// <summary>More than the clocks and the dates in whole seconds can be wrong.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    /// <summary>The state of a change.</summary>
    /// <param name="change">The change, with its base.</param>
    /// <param name="now">The remote's object; null for none.</param>
    /// <param name="ahead">How far the remote's clock is ahead of this proxy's; null if it shows no date.</param>
    public static UpstreamState Of(LocalChange change, ListedObject? now, TimeSpan? ahead)
    {
        var known = change.Base;
        if (known is { IsUnknown: false })
        {
            return (known.IsAbsent ? now is null : now is not null && known.IsOf(now)) ? UpstreamState.Unchanged : UpstreamState.Changed;
        }

        if (now is null)
        {
            return UpstreamState.Unchanged;
        }

        if (now.LastModified <= DateTimeOffset.UnixEpoch || ahead is null || (known?.Date ?? change.At) is not { } first)
        {
            return UpstreamState.Unknown;
        }

        return now.LastModified - ahead + Margin <= first ? UpstreamState.Unchanged : UpstreamState.Changed;
    }
}
