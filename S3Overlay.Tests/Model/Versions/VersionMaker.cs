using System.Collections.Immutable;

using S3Overlay.Tests.Model.Versions.Steps;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Versions;

/// <summary>Makes random sequences of steps with versions. The same seed gives the same sequence.</summary>
internal sealed class VersionMaker
{
    private static readonly string[] Names = ["a", "a/b", "a/c", "b", "é"];
    private static readonly int[] Sizes = [0, 1, 100, 5000, 70_000];

    private readonly Random _random;
    private readonly string[] _keys;
    private readonly (int Weight, Func<VersionStep> Make)[] _kinds;
    private int _serial;
    private string _key = "";
    private bool _isInside;

    public VersionMaker(int seed)
    {
        // With few keys more happens to each of them.
        _random = new Random(seed);
        _keys = seed % 3 == 0 ? Names : [Names[_random.Next(2)], Names[3]];
        _kinds =
        [
            (20, Put), (6, () => new CopyVersion(Bucket(), Key(), Bucket(), Key(), At(2))),
            (14, () => new DeleteVersion(Bucket(), Key(), At(2), Chance(3), Writer())),
            (4, () => new DeleteVersions(Bucket(), [.. _keys.Where(_ => Chance(2)).DefaultIfEmpty(Key())], At(2), Chance(3))),
            (16, () => new ReadVersion(Bucket(), Key(), Chance(6) ? -1 : At(2), Chance(3), Reader())),
            (5, () => new ListVersions(Bucket(), Any("", "", "a", "a/"), Any("", "", "/"), Any(1, 2, 3, 1000))),
            (3, () => new ListCurrent(Bucket(), Reader())), (1, () => new KeepBucket(Bucket())),
            (6, () => new SetVersioning(Bucket(), !Chance(3))),
            (3, () => new SetObjectLock(Bucket(), Chance(2) ? Mode() : null, 1 + _random.Next(3))),
            (6, () => new SetRetention(Bucket(), Key(), At(3), Chance(4) ? null : Mode(), _random.Next(4), Chance(2), Writer())),
            (4, () => new SetLegalHold(Bucket(), Key(), At(3), Chance(2))),
            (5, () => new SetTags(Bucket(), Key(), At(3), Chance(4) ? null : Any("1", "2"))),
            (5, () => new SetLifecycle(Bucket(), Chance(4) ? [] : [.. Enumerable.Range(0, 1 + _random.Next(2)).Select(_ => Rule())])),
            (9, () => new PassDays(1 + _random.Next(3))),
            (3, () => new SetOwnership(Bucket(), !Chance(3))), (5, () => new SetAccessBlock(Bucket(), Chance(2))),
            (4, () => new SetPolicy(Bucket(), Any(Enum.GetValues<ModelPolicy>()))), (2, () => new SetBucketAcl(Bucket(), Acl())),
            (7, () => new SetObjectAcl(Bucket(), Key(), At(3), Acl())),
            (3, () => new BeginVersionUpload(Bucket(), Key(), ++_serial, Size())),
            (3, () => new EndVersionUpload(Bucket(), _random.Next(3), Chance(4))),
            (6, () => new ChangeRemote(Key(), ++_serial, Size(), Chance(3))), (2, () => new RestartStore(Any("", "store.db"))),
            (8, Kill), (7, Fail),
        ];
    }

    public List<VersionStep> Make(int steps) =>
    [
        new SetVersioning(0, true), .. Chance(2) ? [new SetVersioning(1, true)] : Array.Empty<VersionStep>(),
        .. Chance(2) ? [new SetOwnership(0, true), new SetAccessBlock(0, false)] : Array.Empty<VersionStep>(),
        .. Enumerable.Range(0, steps).Select(_ => Next()), new PassDays(2), new RestartStore("store.db"),
        new ListVersions(0, "", "", 2), new ListVersions(1, "", "/", 2),
    ];

    private VersionStep Next()
    {
        var at = _random.Next(_kinds.Sum(static kind => kind.Weight));
        return _kinds.First(kind => (at -= kind.Weight) < 0).Make();
    }

    private PutVersion Put()
    {
        // Never both a lock and an ACL: it is not promised which of two errors a client gets.
        var kind = _random.Next(8);
        return new(Bucket(), Key(), ++_serial, Size(), Chance(3) ? Any("1", "2") : null, kind < 2 ? Mode() : null, 1 + _random.Next(4),
            kind is 1 or 2 ? Chance(2) : null, kind is 3 or 4 ? Acl() : ModelAcl.Private);
    }

    private VersionStep Kill() => Inside(step => new KillStore(step, _random.Next(Any(2, 5, 12)), Chance(2), Any("", "", "store.db")));

    private VersionStep Fail()
    {
        var isOnce = Chance(2);
        return Inside(step => new FailDisk(
            [step, .. step is PassDays ? Array.Empty<VersionStep>() : Enumerable.Range(0, _random.Next(3)).Select(_ => Change())],
            Any(DiskFault.Full, DiskFault.Error), _random.Next(Any(1, 3, 6)), isOnce || step is PassDays ? 1 : int.MaxValue,
            isOnce ? Any(DiskSteps.Write, DiskSteps.All, DiskSteps.Sync | DiskSteps.Remove) : DiskSteps.Write,
            Any(null, "", "store.db")));
    }

    /// <summary>Never inside another one, so that the search for an inner step ends.</summary>
    private VersionStep Inside(Func<VersionStep, VersionStep> wrap)
    {
        if (_isInside)
        {
            return new ListCurrent(Bucket(), Reader());
        }

        _isInside = true;
        var step = Chance(5) ? new PassDays(1) { MayRepeat = true } : Change();
        var wrapped = wrap(step);
        _isInside = false;
        return wrapped;
    }

    private VersionStep Change()
    {
        while (true)
        {
            var step = Next();
            if (step is RequestStep or BeginVersionUpload)
            {
                return step;
            }
        }
    }

    /// <summary>S3 has no rules for markers or uploads with conditions on objects.</summary>
    private ModelRule Rule()
    {
        var (ofObjects, kind) = (Chance(3), _random.Next(3));
        var (tag, isOfBig) = !ofObjects ? (null, false) : Chance(2) ? (Any("1", "2"), Chance(3)) : ((string?)null, true);
        int? noncurrent = kind == 2 || (kind == 1 && ofObjects) || Chance(2) ? 1 + _random.Next(3) : null;
        return new(
            Any("", "", "a", "a/"), tag, isOfBig, kind == 0 ? _random.Next(4) : null, kind == 1 && !ofObjects, noncurrent,
            noncurrent is not null && Chance(2) ? 1 + _random.Next(2) : null, !ofObjects && Chance(3) ? 1 + _random.Next(2) : null);
    }

    private int Bucket() => Chance(3) ? 1 : 0;

    /// <summary>Often the previous key: most failures need several steps on one key.</summary>
    private string Key() => _key = _key.Length > 0 && Chance(2) ? _key : _keys[_random.Next(_keys.Length)];

    /// <summary>One of the versions, or none.</summary>
    private int? At(int oneOf) => Chance(oneOf) ? _random.Next(4) : null;

    private string Mode() => Any(ModelLock.Governance, ModelLock.Governance, ModelLock.Compliance);

    private ModelAcl Acl() => Any(Enum.GetValues<ModelAcl>());

    private ModelCaller Writer() => Chance(3) ? ModelCaller.Clerk : ModelCaller.Owner;

    private ModelCaller Reader() => Any(Enum.GetValues<ModelCaller>());

    private int Size() => Any(Sizes);

    private bool Chance(int oneOf) => _random.Next(oneOf) == 0;

    private T Any<T>(params T[] choices) => choices[_random.Next(choices.Length)];
}
