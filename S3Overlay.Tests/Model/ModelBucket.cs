using System.Text;

namespace S3Overlay.Tests.Model;

/// <summary>
/// What clients may see of a bucket, said as plainly as can be: what was written, what was deleted, what the remote has, and of which versions a copy may be held.
/// </summary>
/// <param name="name">Its name.</param>
/// <param name="remoteName">The bucket it continues in.</param>
/// <param name="remotePrefix">What stands before its keys there.</param>
/// <param name="isMapped">Whether it is there by the settings, whatever the remote says.</param>
internal sealed class ModelBucket(string name, string remoteName, string remotePrefix, bool isMapped)
{
    /// <summary>The order of UTF-8 bytes.</summary>
    public static readonly Comparer<string> ByBytes =
        Comparer<string>.Create(static (a, b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)));

    public string Name { get; } = name;

    public string RemoteName { get; } = remoteName;

    /// <summary>What was written, by key.</summary>
    public Dictionary<string, ObjectVersion> Written { get; } = [];

    /// <summary>The keys that were deleted here, written again or not.</summary>
    public SortedSet<string> Tombstones { get; } = new(ByBytes);

    /// <summary>What the remote has, by the client's key.</summary>
    public Dictionary<string, ObjectVersion> Remote { get; } = [];

    /// <summary>Whether the bucket was deleted here, which hides all of the remote.</summary>
    public bool IsOpaque { get; private set; }

    /// <summary>Whether it has a local half for certain.</summary>
    public bool HasLocal { get; set; }

    /// <summary>Whether clients see it.</summary>
    public bool Exists => HasLocal || !IsOpaque;

    /// <summary>Whether only the remote knows that it is there.</summary>
    public bool IsKnownByRemoteAlone => !HasLocal && !IsOpaque && !isMapped;

    /// <summary>Of which versions a copy may be held; not looked at where copies are compared with the remote at each read.</summary>
    private Dictionary<string, HashSet<ObjectVersion>> Held { get; } = [];

    /// <summary>A key at the remote.</summary>
    public string RemoteKey(string key) => remotePrefix + key;

    /// <summary>Whether the remote has no say in what a key is.</summary>
    public bool IsDecidedHere(string key) => Written.ContainsKey(key) || IsOpaque || Tombstones.Contains(key);

    /// <summary>All that a read of a key may show (rule S1); null stands for nothing.</summary>
    public IReadOnlyList<ObjectVersion?> MayShow(string key) =>
        Written.TryGetValue(key, out var written) ? [written]
        : IsDecidedHere(key) ? [null]
        : [.. (Held.GetValueOrDefault(key) ?? []).Append(Remote.GetValueOrDefault(key)).Distinct()];

    /// <summary>A read showed this version, or nothing: no other one is held.</summary>
    public void Observe(string key, ObjectVersion? shown)
    {
        if (IsDecidedHere(key))
        {
            return;
        }

        Held.Remove(key);
        if (shown is not null)
        {
            Held[key] = [shown];
        }
    }

    /// <summary>The remote's version may have been kept, whatever else is.</summary>
    public void MayHaveKept(string key)
    {
        if (!IsDecidedHere(key) && Remote.TryGetValue(key, out var current))
        {
            (Held.TryGetValue(key, out var held) ? held : Held[key] = []).Add(current);
        }
    }

    /// <summary>Copies of these keys are gone.</summary>
    public void Drop(Func<string, bool> isMeant)
    {
        foreach (var key in Held.Keys.Where(isMeant).ToList())
        {
            Held.Remove(key);
        }
    }

    /// <summary>A write was acknowledged.</summary>
    public void Write(string key, ObjectVersion version)
    {
        Written[key] = version;
        Held.Remove(key);
        HasLocal = true;
    }

    /// <summary>A delete was acknowledged.</summary>
    public void Delete(string key)
    {
        Written.Remove(key);
        Held.Remove(key);
        HasLocal = true;
        if (!IsOpaque)
        {
            Tombstones.Add(key);
        }
    }

    /// <summary>The bucket was deleted, and all that was known of it with it.</summary>
    public void DeleteAll()
    {
        (IsOpaque, HasLocal) = (true, false);
        Written.Clear();
        Tombstones.Clear();
        Held.Clear();
    }

    /// <summary>The bucket's own deletion was taken back.</summary>
    public void Show() => IsOpaque = false;

    /// <summary>The keys that a listing shows, with what it says of them.</summary>
    public SortedDictionary<string, ObjectVersion> Visible()
    {
        var visible = new SortedDictionary<string, ObjectVersion>(Written, ByBytes);
        foreach (var (key, version) in Remote.Where(pair => !IsDecidedHere(pair.Key)))
        {
            visible.Add(key, version);
        }

        return visible;
    }
}
