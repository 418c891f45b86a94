using S3Overlay.Tests.Contract;
using S3Overlay.Tests.Model.Operations;

namespace S3Overlay.Tests.Model;

/// <summary>Makes random sequences: the same of the same seed.</summary>
internal sealed class SequenceMaker
{
    private static readonly int[] Sizes = [0, 1, 100, 5000, ModelScene.ChunkThreshold, ModelScene.ChunkThreshold + 1, 70_000];
    private static readonly string[] Nested = ["a", "a/b", "a/b/c", "a/b/d", "a/", "a0", "b", "b/c"];

    private readonly Random _random;
    private readonly ModelLayer _layer;
    private readonly List<string> _keys;
    private readonly (int Weight, Func<ModelOperation> Make)[] _kinds;
    private int _serial;
    private string _key = "";

    /// <summary>A maker.</summary>
    public SequenceMaker(int seed, ModelLayer layer)
    {
        (_random, _layer) = (new Random(seed), layer);
        _keys = [.. Pick(Nested, 4), .. Pick([.. AwkwardKeys.All], 5)];
        _keys = [.. _keys.Distinct()];
        _kinds =
        [
            (24, Read),
            (12, () => new PutObject(Bucket(), Key(), ++_serial, Size(), Chance(4) ? OfWrites() : ModelCondition.None)),
            (12, () => new DeleteObject(Bucket(), Key(), Chance(5) ? Any(ModelCondition.Shown, ModelCondition.Other) : ModelCondition.None)),
            (4, () => new DeleteObjects(Bucket(), Pick([.. _keys.Where(key => !key.Any(c => c < ' ' && c is not '\n' and not '\t'))], 1 + _random.Next(5)), Chance(3))),
            (8, () => new CopyObject(Bucket(), Key(), Bucket(), Key(), Chance(2))),
            (4, () => new BeginUpload(_random.Next(2), Bucket(), Key(), ++_serial, Size())),
            (4, () => new EndUpload(_random.Next(2), Chance(4))),
            (12, () => new BeginListing(_random.Next(2), Bucket(), Chance(2), Prefix(), Any("", "", "/", "b"), Any(1, 2, 3, 1000), Chance(2))),
            (8, () => new GoOnListing(_random.Next(2))),
            (14, () => new PutRemote(Bucket(), Key(), ++_serial, Size())),
            (6, () => new DeleteRemote(Bucket(), Key())),
            (1, () => new CreateBucket(Bucket())),
            (2, () => new DeleteBucket(Bucket())),
            (3, () => new Drop(Bucket(), Chance(2) ? Key() : null)),
            (3, () => Chance(3) ? new Discard(Bucket(), null, Prefix()) : new Discard(Bucket(), Chance(2) ? Key() : null, null)),
            (2, () => new Compact(Bucket(), Prefix())),
            (2, () => new ListTombstones(Bucket(), Prefix())),
            (2, () => new Explain(Bucket(), Key())),
            (2, () => new Restart(_layer == ModelLayer.Embedded ? Any("", "index", "cache") : "")),
            (4, () => Chance(2) ? new TroubleRemote(1 + _random.Next(2), -1) : new TroubleRemote(0, _random.Next(5000))),
            (1, () => new SetRemoteDown(true)),
            (2, () => new SetRemoteDown(false)),
            (1, () => new SetFull(true)),
            (2, () => new SetFull(false)),
        ];
    }

    /// <summary>A sequence of so many steps, and then a look at everything.</summary>
    public List<ModelOperation> Make(int steps)
    {
        var operations = new List<ModelOperation>();
        for (var bucket = 0; bucket < 2; bucket++)
        {
            operations.AddRange(_keys.Where(_ => Chance(2)).Select(key => new PutRemote(bucket, key, ++_serial, Size())).ToList());
        }

        operations.AddRange(Enumerable.Range(0, steps).Select(_ => Next()).ToList());
        operations.AddRange([new SetRemoteDown(false), new SetFull(false), new Restart("")]);
        for (var bucket = 0; bucket < 2; bucket++)
        {
            operations.AddRange(_keys.Select(key => new ReadObject(bucket, key, "GET", false, null, null, ModelCondition.None)));
            operations.AddRange([new BeginListing(0, bucket, true, "", "", 2, true), new ListTombstones(bucket, "")]);
        }

        return operations;
    }

    private ModelOperation Next()
    {
        var at = _random.Next(_kinds.Sum(kind => kind.Weight));
        foreach (var (weight, make) in _kinds)
        {
            if ((at -= weight) < 0)
            {
                return make();
            }
        }

        throw new InvalidOperationException();
    }

    private ReadObject Read()
    {
        var (hasRange, first, last) = (Chance(3), _random.Next(3) > 0 ? _random.Next(80_000) / (Chance(2) ? 1 : 100) : (int?)null, (int?)_random.Next(40_000));
        return new ReadObject(
            Bucket(), Key(), Chance(4) ? "HEAD" : "GET", hasRange, first, first is null ? last : Chance(3) ? null : first + last,
            Chance(5) ? Any(ModelCondition.Shown, ModelCondition.Other, ModelCondition.NotShown, ModelCondition.Absent) : ModelCondition.None);
    }

    private ModelCondition OfWrites() => Any(ModelCondition.Absent, ModelCondition.Shown, ModelCondition.Other);

    private int Bucket() => Chance(3) ? 1 : 0;

    /// <summary>Often the one of before: what goes wrong mostly takes several steps about one key.</summary>
    private string Key() => _key = _key.Length > 0 && Chance(2) ? _key : _keys[_random.Next(_keys.Count)];

    private string Prefix() => Chance(2) ? "" : Key() is var key && Chance(2) ? key : key[..(_random.Next(key.Length) is var end && end > 0 && char.IsHighSurrogate(key[end - 1]) ? end - 1 : end)];

    private int Size() => Sizes[_random.Next(Sizes.Length)];

    private bool Chance(int oneOf) => _random.Next(oneOf) == 0;

    private T Any<T>(params T[] choices) => choices[_random.Next(choices.Length)];

    private List<string> Pick(IReadOnlyList<string> from, int count) => [.. from.OrderBy(_ => _random.Next()).Take(count)];
}
