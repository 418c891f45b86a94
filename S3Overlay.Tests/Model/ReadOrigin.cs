using System.Globalization;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>
/// The origin that the response to a read of a remote-owned key reports (rules T4, S1 to S4). Checks it against the model, which then
/// learns from it what is cached.
/// </summary>
/// <param name="asked">The requests that reached the remote during the read.</param>
internal sealed class ReadOrigin(ModelScene scene, ModelBucket bucket, string key, ModelDirective directive, DateTimeOffset began,
    IReadOnlyList<ScriptedRequest> asked, RawResponse answer)
{
    /// <summary>A little more than a reader waits if it could be served an expired entry.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly ModelEntries _copies = bucket.EntriesOf(key);
    private readonly DateTimeOffset _now = scene.Now;
    private readonly ModelFreshness _freshness = scene.Freshness;

    private TimeSpan Age => TimeSpan.FromSeconds(long.Parse(answer.Headers.GetValueOrDefault("Age", "0"), CultureInfo.InvariantCulture));

    private bool WasAsked => asked.Count > 0;

    private string Cache => answer.Headers.GetValueOrDefault("x-cache", "");

    private ObjectVersion? Current => bucket.Remote.GetValueOrDefault(key);

    private bool Is(ModelDirective said) => directive == said && _freshness.Heeds(said);

    /// <summary>
    /// Whether an entry may have been refreshed while it was served. A proxy need not know that another one has revalidated it since: it
    /// uses the date that it knows.
    /// </summary>
    private bool MayAge =>
        _copies.Possible.Values.Any(validated => _freshness.MayAge(validated, _now))
        || (scene.IsShared && _copies.Possible.Count > 0
            && _freshness.MayAge(_copies.Certain?.ValidatedFrom ?? DateTimeOffset.MinValue, _now));

    /// <summary>
    /// Whether the read took so long that it may have been served from an expired entry, whatever the remote was about to respond.
    /// </summary>
    public bool MayHaveGivenUp => _now - began >= Patience;

    /// <summary>
    /// Checks what follows from the status alone: where the state is certain, the remote is not asked and only one response is right.
    /// </summary>
    public void CheckStatus()
    {
        var isKnown = _copies.Certain is { } copy && _freshness.Must(copy, directive, _now);
        if (isKnown)
        {
            Expect.That(answer.Status is not (404 or 503 or 504), $"{answer.Status}, and {_copies.Certain} is held.");
            Expect.That(!WasAsked || MayAge, $"The remote was asked for {string.Join(", ", asked)}, and {_copies.Certain} is held.");
        }

        var isKnownAbsent = _copies.Possible.Count == 0 && scene.Absences.Has(scene.Proxy, bucket, key, _now) && !Is(ModelDirective.NoCache)
            && !Is(ModelDirective.NoStore);
        Expect.That(!isKnownAbsent || (answer.Status == 404 && !WasAsked),
            $"{answer.Status}, the remote {(WasAsked ? "was" : "was not")} asked, and it is known to lack the key.");
        Expect.That(answer.Status != 504 || Is(ModelDirective.OnlyIfCached), "504, and the remote may be asked.");
        Expect.That(!WasAsked || !Is(ModelDirective.OnlyIfCached) || MayAge, "The remote was asked, and only a copy was wanted.");
    }

    /// <summary>Checks the reported origin against the model.</summary>
    /// <exception cref="Mismatch">The model does not allow it.</exception>
    public void Check(ObjectVersion found)
    {
        var isCached = _copies.Possible.TryGetValue(found, out var validated);
        var isRight = Cache switch
        {
            "HIT" => isCached && !Is(ModelDirective.NoCache) && !Is(ModelDirective.NoStore) && _freshness.IsBelieved(began - Age, began)
                && IsAgeOf(found, validated),
            "STALE" => isCached && directive == ModelDirective.None && scene.Trouble.MayNotTell(scene.Proxy, bucket)
                && _freshness.IsOfUse(began - Age, began) && IsAgeOf(found, validated),
            "REVALIDATED" => isCached && found == Current && !Is(ModelDirective.NoStore) && !Is(ModelDirective.OnlyIfCached)
                && (Is(ModelDirective.NoCache) || _freshness.Cache is ModelCache.Compared or ModelCache.ForAWhile),
            "MISS" => (isCached || found == Current) && !Is(ModelDirective.NoStore) && !Is(ModelDirective.OnlyIfCached)
                && _freshness.Cache != ModelCache.Off,
            "BYPASS" => found == Current && (Is(ModelDirective.NoStore) || _freshness.Cache == ModelCache.Off || scene.MayNotKeep),
            _ => false,
        };
        Expect.That(isRight,
            $"x-cache: {Cache}, age: {Age.TotalSeconds}, of {found}; the remote has {Current}, and copies may be {Told(_copies)}.");
        if (_copies.Certain is { } copy && _freshness.Must(copy, directive, _now))
        {
            Expect.That(Cache == "HIT" && found == copy.Version, $"x-cache: {Cache} of {found}, and {copy} is held.");
        }
    }

    /// <summary>Learns what may be cached now.</summary>
    /// <param name="found">The version it shows, or null.</param>
    /// <param name="hasBody">Whether bytes of it came.</param>
    /// <param name="hasAll">Whether all of them are cached, if any are.</param>
    public void Learn(ObjectVersion? found, bool hasBody, bool hasAll)
    {
        if (Cache == "REVALIDATED")
        {
            scene.Trouble.Told(scene.Proxy, bucket);
        }

        if (found is not null && found == Current && Cache != "HIT" && Cache != "STALE")
        {
            scene.Absences.Forget(scene.Proxy, bucket, key);
        }

        if (answer.Status == 404)
        {
            LearnAbsence();
        }
        else if (Is(ModelDirective.NoStore) || Cache == "STALE")
        {
            // The entries are unchanged.
        }
        else if (found is null || scene.MayNotKeep)
        {
            bucket.MayHaveKept(key);
            if (WasAsked)
            {
                // Entries of a version that the remote no longer has are evicted, even if the response (an unsatisfiable range, a
                // condition) does not show it.
                _copies.Doubt();
            }
        }
        else if (Cache == "HIT" && MayAge && !Is(ModelDirective.OnlyIfCached))
        {
            LearnRefreshed(found, hasAll);
        }
        else if (Cache == "HIT")
        {
            var (from, to) = (_copies.Certain?.ValidatedFrom ?? DateTimeOffset.MinValue, _copies.Possible[found]);
            if (hasBody && from > DateTimeOffset.MinValue)
            {
                _copies.Is(new ModelEntry(found, from, hasAll), to);
            }
            else
            {
                _copies.IsAtMost(found, to);
            }
        }
        else if (Cache == "REVALIDATED")
        {
            Renew(found, isWhole: false);
        }
        else if (hasBody && Cache == "MISS")
        {
            // Bytes that were already cached keep their date: the missing ones are requested by version.
            var from = !_copies.Possible.ContainsKey(found) ? began : _copies.Certain?.Version == found ? _copies.Certain.ValidatedFrom
                : DateTimeOffset.MinValue;
            _copies.Is(new ModelEntry(found, from, hasAll), _now);
        }
        else
        {
            _copies.IsAtMost(found, _now);
        }
    }

    /// <summary>
    /// The entry was refreshed while it was served. If it was whole and the object had changed, the new version was filled (rule S4).
    /// </summary>
    private void LearnRefreshed(ObjectVersion found, bool hasAll)
    {
        var wasWhole = _copies.Certain is { IsWhole: true } || hasAll;
        if (!_freshness.MayAge(_now - Age, _now) || scene.View.MayNotHaveRefreshed(bucket))
        {
            bucket.MayHaveKept(key);
            _copies.Doubt();
        }
        else if (found == Current)
        {
            Renew(found, wasWhole);
        }
        else if (Current is { } current && found.Bytes.Length <= ModelScene.ChunkThreshold
            && current.Bytes.Length <= ModelScene.ChunkThreshold && wasWhole)
        {
            _copies.Is(new ModelEntry(current, began, true), _now);
        }
        else
        {
            _copies.IsAtMost(null, _now);
        }
    }

    /// <summary>An entry was revalidated. Another proxy that knows the entry need not know the new date.</summary>
    private void Renew(ObjectVersion found, bool isWhole)
    {
        var from = scene.IsShared ? _copies.Certain?.ValidatedFrom : began;
        if (_copies.Certain?.Version == found && from is { } validated)
        {
            _copies.Is(new ModelEntry(found, validated, isWhole), _now);
        }
        else
        {
            _copies.IsAtMost(found, _now);
        }
    }

    private void LearnAbsence()
    {
        if (!Is(ModelDirective.NoStore))
        {
            _copies.IsAtMost(null, _now);
        }

        scene.Absences.Note(scene.Proxy, bucket, key, began, _now, isCertain: true);
    }

    /// <summary>
    /// Whether the reported age is possible for an entry that was last validated at the given moment.
    /// </summary>
    private bool IsAgeOf(ObjectVersion found, DateTimeOffset validated) =>
        MayBeDatedElsewhere(found)
        || (Age >= began - validated - TimeSpan.FromSeconds(1) && (_copies.Certain is not { } copy || Age <= _now - copy.ValidatedFrom));

    /// <summary>
    /// Whether two proxies may know different dates at which an entry was current. Each one that fills chunks learns the version from the
    /// remote, and shares it only in the manifest.
    /// </summary>
    private bool MayBeDatedElsewhere(ObjectVersion found) => scene.IsShared && found.Bytes.Length > ModelScene.ChunkThreshold;

    private static string Told(ModelEntries copies) =>
        string.Join(" or ", copies.Possible.Select(pair => $"{pair.Key} of {pair.Value:HH:mm:ss}"));
}
