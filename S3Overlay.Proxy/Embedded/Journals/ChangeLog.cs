using System.Globalization;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Journals;

/// <summary>A place in the log: a segment's number and an offset in bytes.</summary>
internal readonly record struct LogPlace(int Segment, long Offset) : IComparable<LogPlace>
{
    public int CompareTo(LogPlace other) =>
        Segment != other.Segment ? Segment.CompareTo(other.Segment) : Offset.CompareTo(other.Offset);
}

/// <summary>What is wrong with a place in the log.</summary>
internal enum LogDamage
{
    /// <summary>One bit was wrong and was corrected.</summary>
    Corrected,

    /// <summary>The log ends with part of a record, as a killed process leaves it.</summary>
    Torn,

    /// <summary>A record, or the end of the log, is lost.</summary>
    Lost,
}

/// <summary>
/// The log of all changes: synced before a change is acknowledged. It is in segments, of which the last one grows. The database is made
/// from it and from the object files if it is lost.
/// </summary>
/// <param name="folder">The segments' folder.</param>
/// <param name="disk">The disk.</param>
/// <param name="logger">Gets damage.</param>
internal sealed class ChangeLog(string folder, StoreDisk disk, ILogger logger) : IDisposable
{
    private const string Extension = ".log";

    private Journal? _journal;
    private int _number;
    private bool _wasInDoubt;
    private bool _isNamed;

    /// <summary>False to leave wrong bits in the file.</summary>
    public bool MayCorrect { get; set; } = true;

    /// <summary>The end of the last record.</summary>
    public LogPlace End => new(_number, _journal?.Length ?? 0);

    /// <summary>True if the next start may find a record that was refused.</summary>
    public bool IsInDoubt => _wasInDoubt || _journal is { IsInDoubt: true };

    /// <summary>Total length of the segments before the last one in bytes.</summary>
    public long ClosedBytes => Segments().Where(number => number < _number).Sum(number => new FileInfo(PathOf(number)).Length);

    /// <summary>The segments' numbers, oldest first.</summary>
    public List<int> Segments()
    {
        var numbers = new List<int>();
        foreach (var path in Directory.EnumerateFiles(folder, "*" + Extension))
        {
            if (int.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                numbers.Add(number);
            }
        }

        numbers.Sort();
        return numbers;
    }

    public string PathOf(int segment) => Path.Combine(folder, segment.ToString("D8", CultureInfo.InvariantCulture) + Extension);

    /// <summary>
    /// Reads the records from a place on, one in memory at a time. Corrects a single wrong bit, and skips what cannot be read up to the
    /// next good record.
    /// </summary>
    /// <param name="from">Where to begin; default for the whole log.</param>
    /// <param name="damaged">Called for each bad place, before what follows it.</param>
    public IEnumerable<(LogPlace End, ReadOnlyMemory<byte> Record)> Read(LogPlace from, Action<LogPlace, LogDamage> damaged)
    {
        var segments = Segments();
        for (var i = Math.Max(0, segments.FindIndex(number => number >= from.Segment)); i < segments.Count; i++)
        {
            var segment = segments[i];
            if (segment < from.Segment)
            {
                break;
            }

            if (i > 0 && segments[i - 1] != segment - 1)
            {
                damaged(new LogPlace(segment - 1, 0), LogDamage.Lost);
            }

            using var reader = JournalReader.Open(PathOf(segment), segment == from.Segment ? from.Offset : 0);
            while (reader is { IsAtEnd: false })
            {
                var place = new LogPlace(segment, reader.Position);
                if (reader.TryRead(out var record))
                {
                    yield return (new LogPlace(segment, reader.Position), record);
                }
                else if (reader.TryCorrect(out var wrong, out var right))
                {
                    Correct(segment, wrong, right);
                    damaged(place, LogDamage.Corrected);
                }
                else
                {
                    var isTorn = reader.IsTorn && segment == segments[^1];
                    damaged(place, isTorn ? LogDamage.Torn : LogDamage.Lost);
                    if (!reader.TrySkip())
                    {
                        break;
                    }
                }
            }
        }
    }

    /// <summary>Opens the log to append to it.</summary>
    /// <param name="end">The end of its last good record, if the log was read up to there: what is behind it is cut off. Null to begin
    /// the next segment and to leave the others as they are.</param>
    public void Open(LogPlace? end)
    {
        _number = end?.Segment ?? (Segments() is { Count: > 0 } segments ? segments[^1] + 1 : 1);
        _number = Math.Max(_number, 1);
        try
        {
            _journal = Journal.Open(PathOf(_number), disk, end?.Offset ?? 0);
            Begin();
        }
        catch (IOException failure) when (StoreDisk.IsFull(failure))
        {
            // The append will report it.
        }
    }

    /// <summary>Appends records with one write and one sync. One call at a time.</summary>
    /// <exception cref="IOException">It failed, and nothing of them stays.</exception>
    /// <exception cref="JournalInDoubtException">It failed, and so did the rollback.</exception>
    public void Append(IReadOnlyList<ReadOnlyMemory<byte>> records) => Begin().Append(records);

    /// <summary>Begins the next segment. Not while <see cref="Append"/> runs.</summary>
    public void Turn()
    {
        var next = Journal.Open(PathOf(_number + 1), disk, 0);
        try
        {
            disk.SyncFolder(folder);
        }
        catch
        {
            next.Dispose();
            throw;
        }

        Close();
        (_journal, _number, _isNamed) = (next, _number + 1, true);
    }

    /// <summary>
    /// Replaces the segments before <paramref name="next"/> by one with other records. The first of them must say that it replaces all
    /// before it: then it does not matter how many of the old segments remain.
    /// </summary>
    /// <param name="next">The first segment that stays.</param>
    /// <param name="records">The records.</param>
    /// <param name="temporary">The path of a file to write first.</param>
    public void Replace(int next, IEnumerable<ReadOnlyMemory<byte>> records, string temporary)
    {
        var old = Segments().FindAll(number => number < next);
        disk.Remove(temporary);
        using (var journal = Journal.Open(temporary, disk.WithoutSyncs, 0))
        {
            foreach (var some in records.Chunk(1024))
            {
                journal.Append(some);
            }
        }

        using (var file = disk.Open(temporary))
        {
            disk.Sync(file);
        }

        var place = PathOf(next - 1);
        disk.Move(temporary, place);
        disk.SyncFolder(folder);
        foreach (var number in old.Where(number => number != next - 1))
        {
            disk.Delete(PathOf(number));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private Journal Begin()
    {
        _journal ??= Journal.Open(PathOf(_number), disk, 0);
        if (!_isNamed)
        {
            disk.SyncFolder(folder);
            _isNamed = true;
        }

        return _journal;
    }

    private void Close()
    {
        if (_journal is not { } journal)
        {
            return;
        }

        try
        {
            journal.CutTail();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It stays in doubt.
        }

        _wasInDoubt |= journal.IsInDoubt;
        journal.Dispose();
        _journal = null;
    }

    /// <summary>Writes a corrected byte. If that fails, the next start corrects it again.</summary>
    private void Correct(int segment, long position, byte right)
    {
        if (!MayCorrect)
        {
            return;
        }

        try
        {
            using var file = disk.Open(PathOf(segment));
            disk.Write(file, [right], position);
            disk.Sync(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.TidyingFailed(logger, failure);
        }
    }
}
