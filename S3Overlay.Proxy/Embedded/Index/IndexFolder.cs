using System.Globalization;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Index;

/// <summary>
/// An index's folder, used by one process at a time: its manifest, and the numbered runs and journals that the manifest names.
/// </summary>
internal sealed class IndexFolder : IDisposable
{
    private readonly string _path;
    private readonly StoreDisk _disk;
    private readonly FileStream _ownership;
    private readonly ILogger _logger;
    private readonly BlockCache _cache = new(32 << 20);

    /// <summary>A journal whose last record is incomplete, and where that record starts; null for none.</summary>
    private (string Path, long End)? _torn;

    private IndexFolder(string path, StoreDisk disk, FileStream ownership, ILogger logger) =>
        (_path, _disk, _ownership, _logger) = (path, disk, ownership, logger);

    /// <summary>True once it is disposed; reads fail then.</summary>
    public bool IsClosed => _ownership.SafeFileHandle.IsClosed;

    /// <summary>True if a torn tail is still to be cut off.</summary>
    public bool IsTorn => _torn is not null;

    private string ManifestPath => Path.Combine(_path, "MANIFEST");

    /// <summary>Opens a folder, and creates it if missing.</summary>
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

    /// <summary>The files of the index; none if it is new.</summary>
    /// <exception cref="IndexDamagedException">The manifest cannot be trusted.</exception>
    public Manifest ReadManifest() => Manifest.Read(ManifestPath) ?? new Manifest(1, [], []);

    /// <summary>Replaces the list of the index's files.</summary>
    public void WriteManifest(Manifest manifest) => manifest.Write(_disk, ManifestPath);

    /// <summary>Opens a run.</summary>
    /// <exception cref="IndexDamagedException">It cannot be trusted.</exception>
    public SortedRun OpenRun(long number) => SortedRun.Open(RunPath(number), number, _cache);

    /// <summary>Writes a run of ordered entries.</summary>
    /// <returns>The run; null, and no file, if there are no entries.</returns>
    /// <exception cref="IOException">The disk failed or is full. The partial file is deleted: each attempt has its own number, and would
    /// leave less room for the next.</exception>
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

    /// <summary>Begins a journal. Cuts off an earlier journal's torn tail first: only the last journal may have one.</summary>
    /// <exception cref="IOException">The tail cannot be cut off, or the journal cannot be created.</exception>
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

    /// <summary>Reads a journal. A missing one was given up before anything was in it, although the manifest on disk may name it.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="mayBeTorn">True if a crash may have left its last record incomplete.</param>
    /// <param name="replay">Called for each record.</param>
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

    /// <summary>Deletes a journal whose commits are in a run. If that fails, the next start does it.</summary>
    public void DeleteJournal(long number) => _disk.Delete(JournalPath(number));

    /// <summary>Deletes a journal that no manifest names. If that fails, the next start does it.</summary>
    public void Discard(Journal journal)
    {
        journal.Dispose();
        _disk.Delete(journal.Path);
    }

    /// <summary>
    /// Deletes files that no manifest names: a crash left them during a flush or merge. They must be gone before their number is used
    /// again.
    /// </summary>
    /// <exception cref="IOException">One cannot be deleted.</exception>
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
