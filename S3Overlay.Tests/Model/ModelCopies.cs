namespace S3Overlay.Tests.Model;

/// <summary>What may be cached of a key: the versions, and when each may last have been found current.</summary>
internal sealed class ModelCopies
{
    /// <summary>Shorter objects contain no serial. Two of them may have the same ETag, so it does not identify an entry.</summary>
    private const int ShortestKnown = 20;

    private readonly Dictionary<ObjectVersion, DateTimeOffset> _possible = [];

    /// <summary>The versions that may be cached, with the latest moment at which each may have been validated.</summary>
    public IReadOnlyDictionary<ObjectVersion, DateTimeOffset> Possible => _possible;

    /// <summary>The entry that is certain to be cached, or null.</summary>
    public ModelCopy? Certain { get; private set; }

    /// <summary>This version may be cached, among others.</summary>
    public void MayBe(ObjectVersion version, DateTimeOffset validated) =>
        _possible[version] = _possible.TryGetValue(version, out var before) && before > validated ? before : validated;

    /// <summary>All that may be cached elsewhere may be cached here.</summary>
    public void MayBe(ModelCopies other)
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
    public void Is(ModelCopy copy, DateTimeOffset validated)
    {
        var wasWhole = Certain is { IsWhole: true } before && before.Version == copy.Version;
        IsAtMost(copy.Version, validated);
        Certain = copy.Version.Bytes.Length < ShortestKnown ? null : copy with { IsWhole = copy.IsWhole || wasWhole };
    }

    /// <summary>No entry is certain any more.</summary>
    public void Doubt() => Certain = null;
}
