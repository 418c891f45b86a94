namespace S3Overlay.Tests.Model;

/// <summary>Which entries are fresh (rules S1 to S4): what a read of a remote-owned key may show, and what it must.</summary>
internal sealed class ModelFreshness(ModelCache cache)
{
    /// <summary>How long an entry is fresh, if that is limited.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(100);

    /// <summary>How long a stale entry may be served while the remote does not respond.</summary>
    public static readonly TimeSpan StaleIfError = TimeSpan.FromMinutes(10);

    /// <summary>How long an absent key is remembered, if at all.</summary>
    public static readonly TimeSpan NegativeLife = TimeSpan.FromSeconds(30);

    public ModelCache Cache => cache;

    /// <summary>Whether cache directives of clients count.</summary>
    public bool Heeds(ModelDirective directive) => directive != ModelDirective.None && cache != ModelCache.Frozen;

    /// <summary>The versions that may be served, given what is cached and when the read begins.</summary>
    /// <param name="mayBeStale">Whether the remote may have failed, so that stale entries are allowed.</param>
    public IEnumerable<ObjectVersion> Usable(ModelEntries copies, ModelDirective directive, DateTimeOffset began, bool mayBeStale) =>
        cache is ModelCache.Off or ModelCache.Compared
            || (Heeds(directive) && directive is ModelDirective.NoCache or ModelDirective.NoStore)
            ? []
            : copies.Possible.Where(pair => IsBelieved(pair.Value, began)
                || (mayBeStale && !Heeds(directive) && IsOfUse(pair.Value, began))).Select(pair => pair.Key);

    /// <summary>Whether an entry may be served without revalidation.</summary>
    public bool IsBelieved(DateTimeOffset validated, DateTimeOffset now) =>
        cache is ModelCache.Believed or ModelCache.Frozen || (cache == ModelCache.ForAWhile && now - validated < Life);

    /// <summary>Whether an entry may be served while the remote does not respond.</summary>
    public bool IsOfUse(DateTimeOffset validated, DateTimeOffset now) =>
        cache == ModelCache.ForAWhile && now - validated <= Life + StaleIfError;

    /// <summary>Whether an entry may be refreshed while it is served, because it is about to become stale (rule S4).</summary>
    public bool MayAge(DateTimeOffset validated, DateTimeOffset now) => cache == ModelCache.ForAWhile && now - validated >= Life / 5 * 4;

    /// <summary>Whether a read must be served from the entry without asking the remote.</summary>
    /// <param name="copy">An entry that is certain to be cached.</param>
    public bool Must(ModelEntry copy, ModelDirective directive, DateTimeOffset now) =>
        copy.IsWhole && !(Heeds(directive) && directive is ModelDirective.NoCache or ModelDirective.NoStore)
            && cache is not (ModelCache.Off or ModelCache.Compared)
        && IsBelieved(copy.ValidatedFrom, now);
}
