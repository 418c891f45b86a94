using System.Collections.Concurrent;

using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Tests.Support;

/// <summary>
/// A disk that records every step, so that a test knows what a power cut after any of them may leave: what was synced is there; of the
/// rest any part may be.
/// </summary>
internal sealed class RecordingDisk(string root) : StoreDisk(isDurable: true)
{
    private readonly List<Step> _steps = [];
    private readonly ConcurrentDictionary<SafeFileHandle, string> _paths = new();

    private enum Kind
    {
        Create,
        Write,
        Resize,
        Sync,
        Move,
        Remove,
        SyncFolder,
        Mark,
    }

    /// <summary>How many steps were taken.</summary>
    public int Count
    {
        get
        {
            lock (_steps)
            {
                return _steps.Count;
            }
        }
    }

    /// <summary>Records that something was acknowledged.</summary>
    public void Mark() => Add(new Step(Kind.Mark, ""));

    /// <summary>How many marks there are among the first steps.</summary>
    public int MarksBefore(int steps)
    {
        lock (_steps)
        {
            return _steps.Take(steps).Count(static step => step.Kind == Kind.Mark);
        }
    }

    public override SafeFileHandle Create(string path) => Opened(path, base.Create(path), isNew: true);

    public override SafeFileHandle Open(string path) => File.Exists(path) ? Opened(path, base.Open(path), isNew: false)
        : Opened(path, base.Open(path), isNew: true);

    public override SafeFileHandle OpenUnsynced(string path) => Open(path);

    public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        base.Write(file, bytes, offset);
        Add(new Step(Kind.Write, _paths[file], Offset: offset, Bytes: bytes.ToArray()));
    }

    public override void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset)
    {
        base.Write(file, pieces, offset);
        foreach (var piece in pieces)
        {
            Add(new Step(Kind.Write, _paths[file], Offset: offset, Bytes: piece.ToArray()));
            offset += piece.Length;
        }
    }

    public override void SetLength(SafeFileHandle file, long length)
    {
        base.SetLength(file, length);
        Add(new Step(Kind.Resize, _paths[file], Offset: length));
    }

    public override void Sync(SafeFileHandle file) => Add(new Step(Kind.Sync, _paths[file]));

    public override void Move(string from, string to)
    {
        base.Move(from, to);
        Add(new Step(Kind.Move, from, To: to));
    }

    public override void Remove(string path)
    {
        base.Remove(path);
        Add(new Step(Kind.Remove, path));
    }

    public override void SyncFolder(string folder) => Add(new Step(Kind.SyncFolder, folder));

    public override Task SyncFolderAsync(string folder)
    {
        SyncFolder(folder);
        return Task.CompletedTask;
    }

    /// <summary>Writes to a folder what a power cut after so many steps may leave.</summary>
    public void Replay(int steps, Random random, string target)
    {
        var names = new Dictionary<string, Inode>(StringComparer.Ordinal);
        var durable = new Dictionary<string, Inode>(StringComparer.Ordinal);
        var pending = new List<(HashSet<string> Folders, Action<Dictionary<string, Inode>> Change)>();
        List<Step> taken;
        lock (_steps)
        {
            taken = [.. _steps.Take(steps)];
        }

        // Names as they are, and as they are on disk. A handle keeps its file under whatever name it has by now.
        var handles = new Dictionary<string, Inode>(StringComparer.Ordinal);
        foreach (var step in taken)
        {
            switch (step.Kind)
            {
                case Kind.Create:
                    var made = handles[step.Path] = new Inode();
                    Rename(step.Path, null, all => all[step.Path] = made);
                    break;
                case Kind.Write or Kind.Resize:
                    handles[step.Path].Waiting.Add(step);
                    break;
                case Kind.Sync:
                    handles[step.Path].Settle();
                    break;
                case Kind.Move:
                    var moved = names.GetValueOrDefault(step.Path);
                    if (moved is not null)
                    {
                        handles[step.To!] = moved;
                        Rename(step.Path, step.To, all => (_, all[step.To!]) = (all.Remove(step.Path), moved));
                    }

                    break;
                case Kind.Remove:
                    Rename(step.Path, null, all => all.Remove(step.Path));
                    break;
                case Kind.SyncFolder:
                    foreach (var (_, change) in pending.Where(name => name.Folders.Contains(step.Path)).ToList())
                    {
                        change(durable);
                    }

                    pending.RemoveAll(name => name.Folders.Contains(step.Path));
                    break;
            }
        }

        // A journal keeps the order of names: some of the last are missing.
        foreach (var (_, change) in pending.Take(random.Next(pending.Count + 1)))
        {
            change(durable);
        }

        foreach (var (path, inode) in durable)
        {
            var copy = Path.Combine(target, Path.GetRelativePath(root, path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.WriteAllBytes(copy, inode.AfterCut(random));
        }

        void Rename(string path, string? to, Action<Dictionary<string, Inode>> change)
        {
            change(names);
            pending.Add(([Path.GetDirectoryName(path)!, Path.GetDirectoryName(to ?? path)!], change));
        }
    }

    private SafeFileHandle Opened(string path, SafeFileHandle file, bool isNew)
    {
        _paths[file] = path;
        if (isNew)
        {
            Add(new Step(Kind.Create, path));
        }

        return file;
    }

    private void Add(Step step)
    {
        lock (_steps)
        {
            _steps.Add(step);
        }
    }

    private sealed record Step(Kind Kind, string Path, string? To = null, long Offset = 0, byte[]? Bytes = null);

    /// <summary>A file's bytes on disk, and what was not synced.</summary>
    private sealed class Inode
    {
        private readonly MemoryStream _bytes = new();

        public List<Step> Waiting { get; } = [];

        public void Settle()
        {
            Waiting.ForEach(step => Apply(_bytes, step, step.Bytes?.Length ?? 0));
            Waiting.Clear();
        }

        /// <summary>Of what was not synced, each step may be there, or not, or half.</summary>
        public byte[] AfterCut(Random random)
        {
            var bytes = new MemoryStream();
            bytes.Write(_bytes.ToArray());
            foreach (var step in Waiting)
            {
                var fate = random.Next(3);
                if (fate > 0)
                {
                    Apply(bytes, step, fate == 1 ? step.Bytes?.Length ?? 0 : (step.Bytes?.Length ?? 0) / 2);
                }
            }

            return bytes.ToArray();
        }

        private static void Apply(MemoryStream bytes, Step step, int count)
        {
            if (step.Kind == Kind.Resize)
            {
                bytes.SetLength(step.Offset);
                return;
            }

            bytes.Position = step.Offset;
            bytes.Write(step.Bytes!, 0, count);
        }
    }
}
