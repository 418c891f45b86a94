using S3Overlay.Tests.Contract;
using S3Overlay.Tests.Model.Operations;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>Makes random sequences. The same seed gives the same sequence.</summary>
internal sealed class SequenceMaker
{
    private static readonly int[] Sizes = [0, 1, 100, 5000, ModelScene.ChunkThreshold, ModelScene.ChunkThreshold + 1, 70_000];
    private static readonly string[] Nested = ["a", "a/b", "a/b/c", "a/b/d", "a/", "a0", "b", "b/c"];

    private readonly Random _random;
    private readonly ModelLayer _layer;
    private readonly ModelMix _mix;
    private readonly List<string> _keys;
    private readonly (int All, int Reads, int Kills, Func<ModelOperation> Make)[] _kinds;
    private int _serial;
    private string _key = "";
    private bool _isOfDisk;

    public SequenceMaker(int seed, ModelLayer layer, ModelMix mix)
    {
        (_random, _layer, _mix) = (new Random(seed), layer, mix);

        // With few keys more happens to each of them.
        _keys = seed % 2 == 0 || mix == ModelMix.Reads ? [.. Pick(Nested, 2), .. Pick([.. AwkwardKeys.All], 1)]
            : [.. Pick(Nested, 4), .. Pick([.. AwkwardKeys.All], 5)];
        _keys = [.. _keys.Distinct()];
        _kinds =
        [
            (24, 60, 10, Read),
            (6, 12, 1, PartRead),
            (12, 2, 10, () => new PutObject(Bucket(), Key(), ++_serial, Size(), Chance(4) ? OfWrites() : ModelCondition.None)),
            (12, 2, 10, () => new DeleteObject(Bucket(), Key(), Chance(5) ? Any(ModelCondition.Shown, ModelCondition.Other)
                : ModelCondition.None)),
            (4, 0, 5, () => new DeleteObjects(Bucket(),
                Pick([.. _keys.Where(key => !key.Any(c => c < ' ' && c is not '\n' and not '\t'))], 1 + _random.Next(5)), Chance(3))),
            (8, 1, 6, () => new CopyObject(Bucket(), Key(), Bucket(), Key(), Chance(2), Chance(4) ? OfReads()
                : ModelCondition.None, Chance(3) ? OfWrites() : ModelCondition.None)),
            (4, 0, 4, () => new BeginUpload(_random.Next(2), Bucket(), Key(), ++_serial, Chance(6) ? ModelUpload.SmallestPart : Size())),
            (4, 0, 2, () => new AddPart(_random.Next(2), 1 + _random.Next(3), ++_serial, Chance(4) ? ModelUpload.SmallestPart : Size())),
            (6, 1, 4, PartCopy),
            (2, 0, 1, () => Chance(2) ? new ListParts(_random.Next(2)) : new ListUploads(Bucket())),
            (4, 0, 4, () => new EndUpload(_random.Next(2), Chance(4), Chance(5) ? OfWrites() : ModelCondition.None)),
            (12, 5, 4, () => new BeginListing(_random.Next(2), Bucket(), Any(Enum.GetValues<ListingKind>()), Prefix(),
                Any("", "", "/", "b"), Any(1, 2, 3, 1000), Chance(2))),
            (8, 2, 2, () => new GoOnListing(_random.Next(2))),
            (14, 14, 8, () => new PutRemote(Bucket(), Key(), ++_serial, Size(), PartSize())),
            (6, 6, 3, () => new DeleteRemote(Bucket(), Key())),
            (1, 0, 1, () => new CreateBucket(Bucket())),
            (2, 0, 2, () => new DeleteBucket(Bucket())),
            (3, 2, 2, () => new Evict(Bucket(), Chance(2) ? Key() : null)),
            (3, 4, 4, () => Chance(3) ? new Undelete(Bucket(), null, Prefix()) : new Undelete(Bucket(), Chance(2) ? Key() : null, null)),
            (3, 2, 4, () => Chance(3) ? new Revert(Bucket(), null, Prefix()) : new Revert(Bucket(), Chance(2) ? Key() : null, null)),
            (5, 0, 6, AnyPromote),
            (2, 0, 2, () => new SaveAndRevert(_random.Next(2), Bucket(), Prefix())),
            (3, 0, 3, () => new Import(_random.Next(2), Chance(3))),
            (2, 6, 2, () => new Warm(Bucket(), Prefix())),
            (2, 0, 3, () => new Compact(Bucket(), Prefix())),
            (2, 0, 1, () => new ListTombstones(Bucket(), Prefix())),
            (2, 1, 1, () => new Explain(Bucket(), Key())),
            (2, 1, 2, AnyRestart),
            (3, 0, 40, () => new Kill(Chance(4) ? Command() : Killable(), _random.Next(8), Chance(2), RemoteFailures())),
            (Store(10), 0, Store(14), AnyTroubleOfStore),
            (Disk(12), Disk(8), Disk(14), AnyTroubleOfDisk),
            (3, 14, 1, () => new Wait(Any(1, 10, 31, 85, 85, 101, 101, 800))),
            (4, 2, 0, () => Chance(2) ? new TroubleRemote(1 + _random.Next(2), -1) : new TroubleRemote(0, _random.Next(5000))),
            (1, 1, 0, () => new SetRemoteDown(true)),
            (2, 3, 0, () => new SetRemoteDown(false)),
            (1, 0, 0, () => new SetFull(true)),
            (2, 0, 0, () => new SetFull(false)),
        ];
    }

    /// <summary>A sequence of random steps that ends with a read of everything.</summary>
    public List<ModelOperation> Make(int steps)
    {
        var operations = new List<ModelOperation>();
        for (var bucket = 0; bucket < 2; bucket++)
        {
            operations.AddRange(_keys.Where(_ => Chance(2)).Select(key => new PutRemote(bucket, key, ++_serial, Size(), PartSize()))
                .ToList());
        }

        operations.AddRange(Enumerable.Range(0, steps).Select(_ => Next()).ToList());
        operations.AddRange([new SetRemoteDown(false), new SetFull(false), new Restart("")]);
        for (var bucket = 0; bucket < 2; bucket++)
        {
            operations.AddRange(_keys.Select(key => new ReadObject(bucket, key, "GET", false, null, null, ModelCondition.None)));
            operations.AddRange([new BeginListing(0, bucket, ListingKind.Version2, "", "", 2, true),
                new BeginListing(0, bucket, ListingKind.Versions, "", "", 1000, true), new ListTombstones(bucket, "")]);
        }

        return operations;
    }

    private ModelOperation Next()
    {
        var at = _random.Next(_kinds.Sum(Weight));
        foreach (var kind in _kinds)
        {
            if ((at -= Weight(kind)) < 0)
            {
                return _layer == ModelLayer.SharedStore ? kind.Make() with { Proxy = _random.Next(2) }
                    : kind.Make();
            }
        }

        throw new InvalidOperationException();
    }

    private int Weight((int All, int Reads, int Kills, Func<ModelOperation> Make) kind) => _mix switch
    {
        ModelMix.All => kind.All,
        ModelMix.Reads => kind.Reads,
        _ => kind.Kills,
    };

    /// <summary>Mostly what changes something.</summary>
    private ModelOperation Killable()
    {
        while (true)
        {
            var operation = Next();
            if (operation is PutObject or DeleteObject or DeleteObjects or CopyObject or BeginUpload or AddPart or CopyPart or EndUpload
                or CreateBucket or DeleteBucket or Evict or Undelete or Revert or Compact
                || (operation is ReadObject or ReadPart or BeginListing && Chance(4)))
            {
                return operation;
            }
        }
    }

    /// <summary>A command that takes several calls of the proxy.</summary>
    private ModelOperation Command() => _random.Next(4) switch
    {
        0 => new SaveAndRevert(_random.Next(2), Bucket(), Prefix()),
        1 => new Import(_random.Next(2), Chance(3)),
        _ => AnyPromote() with { Event = PromoteEvent.Nothing },
    };

    /// <summary>Mostly a key or everything. Half of the changes that come between are of the key.</summary>
    private PromoteChanges AnyPromote()
    {
        var (bucket, key) = (Bucket(), Chance(2) ? Key() : null);
        ModelOperation change = _random.Next(4) switch
        {
            0 => new PutRemote(bucket, Key(), ++_serial, Size(), PartSize()),
            1 => new DeleteRemote(bucket, Key()),
            2 => new PutObject(bucket, Key(), ++_serial, Size(), ModelCondition.None),
            _ => new DeleteObject(bucket, Key(), ModelCondition.None),
        };
        return new PromoteChanges(bucket, key, Chance(3) ? Prefix() : "", Chance(3), !Chance(3), Chance(5),
            Any(PromoteEvent.Nothing, PromoteEvent.Nothing, PromoteEvent.Change, PromoteEvent.Cut, PromoteEvent.Stop),
            Chance(3) ? _random.Next(25) : 7 + _random.Next(5), Chance(2), change);
    }

    /// <summary>Half of the operations that involve a store are changes.</summary>
    private ModelOperation Troubled()
    {
        var operation = Chance(2) ? Killable() : Next();
        while (operation is Kill or TroubleStore or TroubleDisk or Restart or PutRemote or DeleteRemote or TroubleRemote or SetRemoteDown
            or SetFull or PromoteChanges or SaveAndRevert or Import)
        {
            operation = Next();
        }

        return operation;
    }

    private ReadObject Read()
    {
        var (hasRange, first, last) = (Chance(3), _random.Next(3) > 0 ? _random.Next(80_000) / (Chance(2) ? 1 : 100)
            : (int?)null, (int?)_random.Next(40_000));
        return new ReadObject(
            Bucket(), Key(), Chance(4) ? "HEAD" : "GET", hasRange, first, first is null ? last : Chance(3) ? null : first + last,
            Chance(5) ? Any(ModelCondition.Absent, OfReads()) : ModelCondition.None,
            Chance(4) ? Any(ModelDirective.NoCache, ModelDirective.NoStore, ModelDirective.OnlyIfCached) : ModelDirective.None);
    }

    private Restart AnyRestart() => _layer != ModelLayer.Embedded ? new("") : new(Any("", "store.db", "cache"), Chance(2)
        ? _random.Next(Any(1, 8, 20)) : null, Any(DiskFault.Full, DiskFault.Error), Any(DiskSteps.Write, DiskSteps.All));

    private TroubleStore AnyTroubleOfStore() => new(
        Troubled(), Any(Enum.GetValues<StoreFault>()), Any(0, 0, 1, 1, 2, 3, 6), Any(1, 1, 2, 5, 50), Chance(3), Chance(6),
        RemoteFailures());

    /// <summary>
    /// Mostly at one of the first steps, because a change has few. Never within another trouble, so that the search for an inner operation
    /// ends.
    /// </summary>
    private ModelOperation AnyTroubleOfDisk()
    {
        if (_isOfDisk)
        {
            return new SetFull(false);
        }

        _isOfDisk = true;
        var operation = Chance(3) ? Troubled() : Killable();
        _isOfDisk = false;
        var count = Any(1, 1, 2, int.MaxValue, int.MaxValue);
        return new TroubleDisk(
            operation, Any(DiskFault.Full, DiskFault.Error), _random.Next(Any(1, 3, 5, 5, 10)), count, count == 1
                ? Any(DiskSteps.Write, DiskSteps.All, DiskSteps.Sync | DiskSteps.Remove) : DiskSteps.Write, Chance(3),
            Any(null, "", "store.db", "store.db", "cache"), RemoteFailures());
    }

    /// <summary>Mostly the remote is well.</summary>
    private int? RemoteFailures() => Chance(3) ? _random.Next(3) : null;

    private ReadPart PartRead() => new(
        Bucket(), Key(), Chance(3) ? "HEAD" : "GET", 1 + _random.Next(Any(1, 2, 4)),
        Chance(5) ? Any(ModelCondition.Absent, OfReads()) : ModelCondition.None,
        Chance(4) ? Any(ModelDirective.NoCache, ModelDirective.NoStore, ModelDirective.OnlyIfCached) : ModelDirective.None);

    /// <summary>A weight for operations that need an S3 endpoint as the store.</summary>
    private int Store(int weight) => _layer == ModelLayer.Embedded ? 0 : weight;

    /// <summary>A weight for operations that need the built-in store.</summary>
    private int Disk(int weight) => _layer == ModelLayer.Embedded ? weight : 0;

    /// <summary>Half of the part copies take the whole object, and most others a range that exists.</summary>
    private CopyPart PartCopy() => new(
        _random.Next(2), 1 + _random.Next(2), Bucket(), Key(), Chance(2) ? null
            : _random.Next(Any(1, 200, 30_000)), 1 + _random.Next(Any(50, 5000, 40_000)),
        Chance(5) ? OfReads() : ModelCondition.None);

    private ModelCondition OfReads() => Any(ModelCondition.Shown, ModelCondition.Other, ModelCondition.NotShown);

    private ModelCondition OfWrites() => Any(ModelCondition.Absent, ModelCondition.Shown, ModelCondition.Other);

    private int Bucket() => Chance(3) ? 1 : 0;

    /// <summary>Often the previous key: most failures need several steps on one key.</summary>
    private string Key() => _key = _key.Length > 0 && Chance(2) ? _key : _keys[_random.Next(_keys.Count)];

    private string Prefix() => Chance(2) ? "" : Key() is var key && Chance(2) ? key
        : key[..(_random.Next(key.Length) is var end && end > 0 && char.IsHighSurrogate(key[end - 1]) ? end - 1 : end)];

    /// <summary>Most objects come in one piece.</summary>
    private int PartSize() => Chance(3) ? Any(50, 5000, 30_000) : 0;

    private int Size() => Sizes[_random.Next(Sizes.Length)];

    private bool Chance(int oneOf) => _random.Next(oneOf) == 0;

    private T Any<T>(params T[] choices) => choices[_random.Next(choices.Length)];

    private List<string> Pick(IReadOnlyList<string> from, int count) => [.. from.OrderBy(_ => _random.Next()).Take(count)];
}
