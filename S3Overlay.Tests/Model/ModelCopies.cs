namespace S3Overlay.Tests.Model;

/// <summary>What may be held of a key: of which versions, and when each may last have been found to be current.</summary>
internal sealed class ModelCopies
{
    /// <summary>What is shorter has no serial in it: another object may have the same ETag, and a copy is not known by it.</summary>
    private const int ShortestKnown = 20;

    private readonly Dictionary<ObjectVersion, DateTimeOffset> _possible = [];

    /// <summary>The versions that may be held, with the latest moment at which each may have been validated.</summary>
    public IReadOnlyDictionary<ObjectVersion, DateTimeOffset> Possible => _possible;

    /// <summary>What is held for certain; null where nothing is.</summary>
    public ModelCopy? Certain { get; private set; }

    /// <summary>This may be held, whatever else is.</summary>
    public void MayBe(ObjectVersion version, DateTimeOffset validated) =>
        _possible[version] = _possible.TryGetValue(version, out var before) && before > validated ? before : validated;

    /// <summary>The same of all that may be held elsewhere.</summary>
    public void MayBe(ModelCopies other)
    {
        foreach (var (version, validated) in other._possible)
        {
            MayBe(version, validated);
        }
    }

    /// <summary>If anything is held, it is this.</summary>
    public void IsAtMost(ObjectVersion? version, DateTimeOffset validated)
    {
        _possible.Clear();
        Certain = Certain?.Version == version ? Certain : null;
        if (version is not null)
        {
            _possible[version] = validated;
        }
    }

    /// <summary>No other version is held.</summary>
    public void KeepOnly(ObjectVersion version)
    {
        foreach (var other in _possible.Keys.Where(possible => possible != version).ToList())
        {
            _possible.Remove(other);
        }

        Certain = Certain?.Version == version ? Certain : null;
    }

    /// <summary>This is held, and nothing else.</summary>
    public void Is(ModelCopy copy, DateTimeOffset validated)
    {
        var wasWhole = Certain is { IsWhole: true } before && before.Version == copy.Version;
        IsAtMost(copy.Version, validated);
        Certain = copy.Version.Bytes.Length < ShortestKnown ? null : copy with { IsWhole = copy.IsWhole || wasWhole };
    }

    /// <summary>Nothing is held for certain any more.</summary>
    public void Doubt() => Certain = null;
}
