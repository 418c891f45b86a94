using System.Text;

namespace S3Overlay.Tests.Model;

/// <summary>
/// The simplest model of a bucket: written objects, deleted keys, the remote's objects, and the versions that may
/// be cached.
/// </summary>
/// <param name="remoteName">The bucket it continues in.</param>
/// <param name="remotePrefix">The prefix of its keys there.</param>
/// <param name="isMapped">Whether a mapping makes it exist without asking the remote.</param>
internal sealed class ModelBucket(string name, string remoteName, string remotePrefix, bool isMapped, Func<DateTimeOffset> now)
{
    /// <summary>The order of UTF-8 bytes.</summary>
    public static readonly Comparer<string> ByBytes =
        Comparer<string>.Create(static (a, b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)));

    private readonly Dictionary<string, ModelEntries> _held = [];
    private readonly Dictionary<string, HashSet<string>> _visible = [];

    public string Name { get; } = name;

    public string RemoteName { get; } = remoteName;

    public Dictionary<string, ObjectVersion> Written { get; } = [];

    /// <summary>The keys that were deleted here, written again or not.</summary>
    public SortedSet<string> Tombstones { get; } = new(ByBytes);

    /// <summary>The remote's objects, by the client's key.</summary>
    public Dictionary<string, ObjectVersion> Remote { get; } = [];

    /// <summary>Whether the bucket was deleted here, which hides all of the remote.</summary>
    public bool IsOpaque { get; private set; }

    /// <summary>Whether it has a local half for certain.</summary>
    public bool HasLocal { get; set; }

    public bool Exists => HasLocal || !IsOpaque;

    /// <summary>Whether only the remote knows that it is there.</summary>
    public bool IsKnownByRemoteAlone => !HasLocal && !IsOpaque && !isMapped;

    /// <summary>A key at the remote.</summary>
    public string RemoteKey(string key) => remotePrefix + key;

    /// <summary>Whether the local layer decides the key.</summary>
    public bool IsDecidedHere(string key) => Written.ContainsKey(key) || IsOpaque || Tombstones.Contains(key);

    /// <summary>The keys that were changed here. A tombstone that hides nothing is no change.</summary>
    public IEnumerable<string> Changed() => Written.Keys.Concat(Tombstones.Where(Remote.ContainsKey)).Distinct();

    /// <summary>The remote's objects of remote-owned keys are visible to clients now.</summary>
    public void NoteVisible()
    {
        foreach (var key in Remote.Keys.Concat(_visible.Keys).Where(key => !IsDecidedHere(key)).ToList())
        {
            (_visible.TryGetValue(key, out var seen) ? seen : _visible[key] = []).Add(Remote.GetValueOrDefault(key)?.ETag ?? "");
        }
    }

    /// <summary>Whether the remote's object of a key appeared while the key was written or deleted here: no client has seen it.</summary>
    public bool IsUnseen(string key) => Remote.TryGetValue(key, out var version)
        && !(_visible.TryGetValue(key, out var seen) && seen.Contains(version.ETag));

    /// <summary>What may be cached of a key.</summary>
    public ModelEntries EntriesOf(string key) => _held.TryGetValue(key, out var copies) ? copies : _held[key] = new ModelEntries();

    /// <summary>The remote's version may have been cached, among others.</summary>
    public void MayHaveKept(string key)
    {
        if (!IsDecidedHere(key) && Remote.TryGetValue(key, out var current))
        {
            EntriesOf(key).MayBe(current, now());
        }
    }

    /// <summary>What may be cached now, for <see cref="MayHaveKept(IReadOnlyDictionary{string, ModelEntries})"/>.</summary>
    public IReadOnlyDictionary<string, ModelEntries> Copies()
    {
        var copies = new Dictionary<string, ModelEntries>();
        foreach (var (key, held) in _held)
        {
            copies.Add(key, new ModelEntries());
            copies[key].MayBe(held);
        }

        return copies;
    }

    /// <summary>These versions may still be cached.</summary>
    public void MayHaveKept(IReadOnlyDictionary<string, ModelEntries> copies)
    {
        foreach (var (key, held) in copies)
        {
            EntriesOf(key).MayBe(held);
        }
    }

    /// <summary>The entries of these keys are gone.</summary>
    public void Evict(Func<string, bool> isMeant)
    {
        foreach (var key in _held.Keys.Where(isMeant).ToList())
        {
            _held.Remove(key);
        }
    }

    /// <summary>No entry is certain to be cached any more.</summary>
    public void DoubtEntries()
    {
        foreach (var copies in _held.Values)
        {
            copies.Doubt();
        }
    }

    public void Write(string key, ObjectVersion version)
    {
        Written[key] = version;
        _held.Remove(key);
        HasLocal = true;
    }

    public void Delete(string key)
    {
        Written.Remove(key);
        _held.Remove(key);
        HasLocal = true;
        if (!IsOpaque)
        {
            Tombstones.Add(key);
        }
    }

    /// <summary>What was written or deleted of a key is gone.</summary>
    public void Revert(string key)
    {
        Written.Remove(key);
        Tombstones.Remove(key);
        _held.Remove(key);
    }

    /// <summary>The bucket was deleted, with everything in it.</summary>
    public void DeleteAll()
    {
        (IsOpaque, HasLocal) = (true, false);
        Written.Clear();
        Tombstones.Clear();
        _held.Clear();
    }

    /// <summary>The bucket was undeleted.</summary>
    public void Show() => IsOpaque = false;

    /// <summary>All keys that may exist in either layer, in order.</summary>
    public IReadOnlyList<string> Keys() => [.. Written.Keys.Concat(Remote.Keys).Concat(_held.Keys).Distinct().Order(ByBytes)];
}
