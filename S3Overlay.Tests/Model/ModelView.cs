namespace S3Overlay.Tests.Model;

/// <summary>What clients may see of remote-owned keys now, given the remote's objects, the cache, and its freshness.</summary>
internal sealed class ModelView(ModelScene scene)
{
    private readonly List<(ModelBucket Bucket, string Key)> _looked = [];
    private readonly List<ModelEntries> _judged = [];

    /// <summary>All that a read may show (rules S1 to S3). Null means no object.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="directive">What it says of copies.</param>
    /// <param name="isExact">Whether it must know what the remote has: what may be past its life does not do, nor what is remembered to be
    /// absent.</param>
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

    /// <summary>All keys that a listing may show, with what it may say of each; null where it need not show it.</summary>
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
    /// Whether an entry near the end of its life may not have been compared. After the remote fails to respond, there is no second attempt
    /// in the same life.
    /// </summary>
    public bool MayNotHaveRefreshed(ModelBucket bucket) => scene.Trouble.MayNotTell(scene.Proxy, bucket)
        || scene.Now - scene.LastTrouble < ModelFreshness.Life / 5;

    /// <summary>Whether there may be a frozen entry whose missing bytes are gone.</summary>
    private bool HasDrifted(ModelBucket bucket, string key) =>
        scene.Freshness.Cache == ModelCache.Frozen && !bucket.IsDecidedHere(key)
            && bucket.EntriesOf(key) is { Certain: not { IsWhole: true } } copies
        && copies.Possible.Keys.Any(version => version != bucket.Remote.GetValueOrDefault(key));

    /// <summary>
    /// A step is over. If it looked at a key, the proxy may have asked the remote for it. An entry near the end of its life may have been
    /// compared, and replaced or evicted (rule S4). Only a read of the object shows which.
    /// </summary>
    /// <param name="began">When it began.</param>
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
