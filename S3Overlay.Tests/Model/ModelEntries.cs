namespace S3Overlay.Tests.Model;

/// <summary>What may be cached of a key: the versions, and when each may last have been found current.</summary>
internal sealed class ModelEntries
{
    /// <summary>Shorter objects contain no serial. Two of them may have the same ETag, so it does not identify an entry.</summary>
    public const int ShortestKnown = 20;

    private readonly Dictionary<ObjectVersion, DateTimeOffset> _possible = [];

    /// <summary>The versions that may be cached, with the latest moment at which each may have been validated.</summary>
    public IReadOnlyDictionary<ObjectVersion, DateTimeOffset> Possible => _possible;

    /// <summary>The entry that is certain to be cached, or null.</summary>
    public ModelEntry? Certain { get; private set; }

    /// <summary>This version may be cached, among others.</summary>
    public void MayBe(ObjectVersion version, DateTimeOffset validated) =>
        _possible[version] = _possible.TryGetValue(version, out var before) && before > validated ? before : validated;

    /// <summary>All that may be cached elsewhere may be cached here.</summary>
    public void MayBe(ModelEntries other)
    {
        foreach (var (version, validated) in other._possible)
        {
            MayBe(version, validated);
        }
    }

    /// <summary>If anything is cached, it is this version.</summary>
    public void IsAtMost(ObjectVersion? version, DateTimeOffset validated)
    {
        _possible.Clear();
        Certain = Certain?.Version == version ? Certain : null;
        if (version is not null)
        {
            _possible[version] = validated;
        }
    }

    /// <summary>No other version is cached.</summary>
    public void KeepOnly(ObjectVersion version)
    {
        foreach (var other in _possible.Keys.Where(possible => possible != version).ToList())
        {
            _possible.Remove(other);
        }

        Certain = Certain?.Version == version ? Certain : null;
    }

    /// <summary>This version is cached, and no other.</summary>
    public void Is(ModelEntry entry, DateTimeOffset validated)
    {
        var wasWhole = Certain is { IsWhole: true } before && before.Version == entry.Version;
        IsAtMost(entry.Version, validated);
        Certain = entry.Version.Bytes.Length < ShortestKnown ? null : entry with { IsWhole = entry.IsWhole || wasWhole };
    }

    /// <summary>No entry is certain any more.</summary>
    public void Doubt() => Certain = null;
}

/// <summary>An entry that is certain to be cached.</summary>
/// <param name="ValidatedFrom">The earliest moment at which it may last have been found to be current.</param>
/// <param name="IsWhole">Whether all of its bytes are cached. Some always are.</param>
internal sealed record ModelEntry(ObjectVersion Version, DateTimeOffset ValidatedFrom, bool IsWhole);
