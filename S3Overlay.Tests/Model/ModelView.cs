namespace S3Overlay.Tests.Model;

/// <summary>What clients may see of remote-owned keys now, given the remote's objects, the cache, and its freshness.</summary>
internal sealed class ModelView(ModelScene scene)
{
    private readonly List<(ModelBucket Bucket, string Key)> _looked = [];
    private readonly List<ModelEntries> _judged = [];

    /// <summary>All that a read may show (rules S1 to S3). Null means no object.</summary>
    /// <param name="isExact">Whether it needs the remote's current state: neither stale entries nor remembered absences
    /// count.</param>
    public IReadOnlyList<ObjectVersion?> MayShow(ModelBucket bucket, string key, ModelDirective directive = ModelDirective.None,
        bool isExact = false)
    {
        if (bucket.IsDecidedHere(key))
        {
            return [bucket.Written.GetValueOrDefault(key)];
        }

        if (!bucket.Remote.ContainsKey(key))
        {
            _looked.Add((bucket, key));
        }

        var copies = bucket.EntriesOf(key);
        _judged.Add(copies);
        if (copies.Certain is { } certain && (scene.Freshness.Cache == ModelCache.Frozen
            || (scene.Freshness.Cache == ModelCache.Believed && scene.Freshness.Must(certain, directive, scene.Now))))
        {
            return [certain.Version];
        }

        IEnumerable<ObjectVersion?> shown = scene.Freshness.Usable(copies, directive, scene.Now, mayBeStale: !isExact
            && scene.Trouble.MayNotTell(scene.Proxy, bucket));
        if (!(scene.Freshness.Heeds(directive) && directive == ModelDirective.OnlyIfCached))
        {
            shown = shown.Append(bucket.Remote.GetValueOrDefault(key));
        }

        var asksInAnyCase = scene.Freshness.Heeds(directive) && directive is ModelDirective.NoCache or ModelDirective.NoStore;
        return [.. (!isExact && !asksInAnyCase && scene.Absences.MayHave(scene.Proxy, bucket, key, scene.Now) ? shown.Append(null) : shown)
            .Distinct()];
    }

    /// <summary>All keys that a listing may show, with the allowed versions. A null version means that it may omit the key.</summary>
    public IEnumerable<(string Key, IReadOnlyList<ObjectVersion?> Versions)> MayList(ModelBucket bucket) =>
        from key in bucket.Keys()
        let versions = scene.Freshness.Cache == ModelCache.Frozen || bucket.IsDecidedHere(key) ? MayShow(bucket, key, isExact: true)
            : [bucket.Remote.GetValueOrDefault(key)]
        where versions.Any(version => version is not null)
        select (key, versions);

    /// <summary>Whether the proxy may respond that the state of a key is unknown.</summary>
    public bool MayBeUnknown(ModelBucket bucket, string key) =>
        (scene.Trouble.IsDown && (!bucket.IsDecidedHere(key) || bucket.IsKnownByRemoteAlone)) || HasDrifted(bucket, key);

    /// <summary>
    /// Whether an entry that is about to become stale may not have been revalidated. After a failure of the remote there is no second
    /// attempt in the same life.
    /// </summary>
    public bool MayNotHaveRefreshed(ModelBucket bucket) => scene.Trouble.MayNotTell(scene.Proxy, bucket)
        || scene.Now - scene.LastTrouble < ModelFreshness.Life / 5;

    /// <summary>Whether a frozen entry may lack bytes that no longer exist.</summary>
    private bool HasDrifted(ModelBucket bucket, string key) =>
        scene.Freshness.Cache == ModelCache.Frozen && !bucket.IsDecidedHere(key)
            && bucket.EntriesOf(key) is { Certain: not { IsWhole: true } } copies
        && copies.Possible.Keys.Any(version => version != bucket.Remote.GetValueOrDefault(key));

    /// <summary>
    /// Ends a step. If it read a key, the proxy may have asked the remote for it. An entry that is about to become stale may have been
    /// revalidated, and replaced or evicted (rule S4). Only a read of the object shows which.
    /// </summary>
    /// <param name="hasLearned">Whether the step was such a read.</param>
    public void NoteLooks(DateTimeOffset began, bool hasLearned)
    {
        _looked.ForEach(at => scene.Absences.Note(scene.Proxy, at.Bucket, at.Key, began, scene.Now, isCertain: false));
        _looked.Clear();
        if (!hasLearned)
        {
            _judged.Where(copies => copies.Possible.Values.Any(validated => scene.Freshness.MayAge(validated, scene.Now))).ToList()
                .ForEach(copies => copies.Doubt());
        }

        _judged.Clear();
    }
}
