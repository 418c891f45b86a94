using S3Overlay.Proxy.Configuration.Options;

namespace S3Overlay.Proxy.Overlay.Cache.Freshness;

/// <summary>Tells a copy's state by its age: the time since it was last known to be the remote's current version.</summary>
/// <remarks>
/// <code>
///   validated                        4/5 of its life            life                 life + S3_OVERLAY_STALE_IF_ERROR
///      |------------ fresh -------------|------ ageing ----------|------- stale ---------|------ stale, and of no use ---
/// </code>
/// Under <c>never</c> and <c>frozen</c> a copy is always fresh, under <c>always</c> it is always doubted.
/// </remarks>
internal sealed class EntryLifetime(FreshnessSettings settings)
{
    /// <summary>
    /// How far a date may lie ahead, since clocks of machines that share a store are not quite alike. Farther ahead it says nothing: a
    /// clock was set back.
    /// </summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(1);

    private readonly TimeSpan _ageing = FreshOf(settings);

    /// <summary>How long a copy is served before it is compared while it is.</summary>
    public static TimeSpan FreshOf(FreshnessSettings settings) => settings.Revalidation.Life / 5 * 4;

    /// <summary>The state of a copy.</summary>
    /// <param name="age">How long ago it was validated.</param>
    public EntryState StateOf(TimeSpan age) => settings.Revalidation.Mode switch
    {
        RevalidationMode.Never or RevalidationMode.Frozen => EntryState.Fresh,
        RevalidationMode.Always => EntryState.Doubted,
        _ when age < _ageing => age > -Ahead ? EntryState.Fresh : EntryState.Stale,
        _ => age < settings.Revalidation.Life ? EntryState.Ageing : EntryState.Stale,
    };

    /// <summary>Whether a stale copy may be served where the remote cannot be asked.</summary>
    public bool IsOfUse(TimeSpan age) => settings.StaleIfError is not { } bound || age - settings.Revalidation.Life <= bound;
}
