using System.Globalization;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>
/// The folder of an index, which one process has at a time: its manifest, and the runs and journals that this names by their numbers.
/// </summary>
internal sealed class IndexFolder : IDisposable
{
    private readonly string _path;
    private readonly StoreDisk _disk;
    private readonly FileStream _ownership;
    private readonly ILogger _logger;
    private readonly BlockCache _cache = new(32 << 20);

    /// <summary>A journal whose last record broke off, and where that began; null for none.</summary>
    private (string Path, long End)? _torn;

    private IndexFolder(string path, StoreDisk disk, FileStream ownership, ILogger logger) =>
        (_path, _disk, _ownership, _logger) = (path, disk, ownership, logger);

    /// <summary>Whether it was given back: what is read of it then fails.</summary>
    public bool IsClosed => _ownership.SafeFileHandle.IsClosed;

    /// <summary>Whether a torn tail is still to be cut off.</summary>
    public bool IsTorn => _torn is not null;

    private string ManifestPath => Path.Combine(_path, "MANIFEST");

    /// <summary>Takes a folder, which is made where it is missing.</summary>
    /// <exception cref="IndexInUseException">Another process has it.</exception>
    public static IndexFolder Take(string path, StoreDisk disk, ILogger logger)
    {
        Directory.CreateDirectory(path);
        try
        {
            return new IndexFolder(path, disk,
                new FileStream(Path.Combine(path, "LOCK"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None), logger);
        }
        catch (IOException failure) when (!StoreDisk.IsFull(failure))
        {
            throw new IndexInUseException(path);
        }
    }

    /// <summary>Which files make up the index: none where it is new.</summary>
    /// <exception cref="IndexDamagedException">What it says cannot be trusted.</exception>
    public Manifest ReadManifest() => Manifest.Read(ManifestPath) ?? new Manifest(1, [], []);

    /// <summary>Says which files make up the index from now on.</summary>
    public void WriteManifest(Manifest manifest) => manifest.Write(_disk, ManifestPath);

    /// <summary>Opens a run.</summary>
    /// <exception cref="IndexDamagedException">It cannot be trusted.</exception>
    public SortedRun OpenRun(long number) => SortedRun.Open(RunPath(number), number, _cache);

    /// <summary>Writes a run of entries in their order.</summary>
    /// <returns>The run; null where there are no entries, and no file.</returns>
    /// <exception cref="IOException">The disk failed, or is full. What was written is taken away: each attempt has a number of its own, and
    /// would leave less room for the next.</exception>
    public SortedRun? WriteRun(long number, IEnumerable<KeyValuePair<byte[], byte[]?>> entries)
    {
        try
        {
            return SortedRunWriter.Write(_disk, RunPath(number), entries) ? OpenRun(number) : null;
        }
        catch (IOException)
        {
            _disk.Delete(RunPath(number));
            throw;
        }
    }

    /// <summary>Begins a journal. A torn tail of one before it goes first: only the last journal may have one.</summary>
    /// <exception cref="IOException">The tail cannot be cut off, or the journal not be made.</exception>
    public Journal BeginJournal(long number)
    {
        if (_torn is { } torn)
        {
            using var file = _disk.Open(torn.Path);
            _disk.SetLength(file, torn.End);
            _disk.Sync(file);
            _torn = null;
        }

        return Journal.Open(JournalPath(number), _disk, 0);
    }

    /// <summary>
    /// Reads a journal. One that is not there was given up before anything was in it, by a manifest that the disk may have all the same.
    /// </summary>
    /// <param name="number">Its number.</param>
    /// <param name="mayBeTorn">Whether a crash may have left its last record unfinished.</param>
    /// <param name="replay">Given each record that is in it.</param>
    /// <exception cref="IndexDamagedException">A record is bad, and no crash explains that.</exception>
    public void Replay(long number, bool mayBeTorn, Action<ReadOnlyMemory<byte>> replay)
    {
        var path = JournalPath(number);
        using var reader = JournalReader.Open(path);
        if (reader is null)
        {
            return;
        }

        while (reader.TryRead(out var record))
        {
            replay(record);
        }

        if (reader.IsAtEnd)
        {
            return;
        }

        if (!mayBeTorn || !reader.IsTorn)
        {
            throw new IndexDamagedException($"The index file '{path}' is damaged: its record at byte {reader.Position} cannot be read.");
        }

        Log.JournalTorn(_logger, path, reader.Left);
        _torn = (path, reader.Position);
    }

    /// <summary>Removes a journal whose commits are in a run. What cannot be taken away now the next start does.</summary>
    public void DeleteJournal(long number) => _disk.Delete(JournalPath(number));

    /// <summary>Gives up a journal that no manifest names; the same holds.</summary>
    public void Discard(Journal journal)
    {
        journal.Dispose();
        _disk.Delete(journal.Path);
    }

    /// <summary>
    /// Files that no manifest names are what a crash left of a flush or merge. They must not be there when their number is given away.
    /// </summary>
    /// <exception cref="IOException">One cannot be taken away.</exception>
    public void DeleteStrangers(Manifest manifest)
    {
        var known = manifest.Runs.Select(RunPath).Concat(manifest.Journals.Select(JournalPath)).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(_path))
        {
            if ((path.EndsWith(".run", StringComparison.Ordinal) || path.EndsWith(".journal", StringComparison.Ordinal))
                && !known.Contains(path))
            {
                _disk.Remove(path);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _ownership.Dispose();

    private string RunPath(long number) => Path.Combine(_path, number.ToString("d12", CultureInfo.InvariantCulture) + ".run");

    private string JournalPath(long number) => Path.Combine(_path, number.ToString("d12", CultureInfo.InvariantCulture) + ".journal");
}
