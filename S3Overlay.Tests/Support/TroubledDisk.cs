using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Tests.Support;

/// <summary>
/// A disk that a test makes full or broken at any step. A write that fails halfway leaves half of its bytes. What could not be synced is
/// there until the power fails.
/// </summary>
internal class TroubledDisk(DiskTrouble trouble) : StoreDisk(isDurable: false)
{
    public override SafeFileHandle Create(string path)
    {
        SafeFileHandle? file = null;
        TryStep(DiskSteps.Write, () => { }, () => file = base.Create(path));
        return file!;
    }

    public override SafeFileHandle Open(string path)
    {
        if (File.Exists(path))
        {
            return base.Open(path);
        }

        SafeFileHandle? file = null;
        TryStep(DiskSteps.Write, () => { }, () => file = base.Open(path));
        return file!;
    }

    public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        // A span cannot be kept for later.
        var copy = bytes.ToArray();
        TryStep(DiskSteps.Write, () => base.Write(file, copy.AsSpan(0, copy.Length / 2), offset), () => base.Write(file, copy, offset));
    }

    public override void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset) =>
        TryStep(DiskSteps.Write, () => base.Write(file, [.. pieces.Take(pieces.Count / 2)], offset),
            () => base.Write(file, pieces, offset));

    public override void Move(string from, string to) => TryStep(DiskSteps.Write, () => { }, () => base.Move(from, to));

    public override void SetLength(SafeFileHandle file, long length) =>
        TryStep(DiskSteps.Resize, () => { }, () => base.SetLength(file, length));

    public override void Remove(string path) => TryStep(DiskSteps.Remove, () => { }, () => base.Remove(path));

    public override void Sync(SafeFileHandle file)
    {
        trouble.Check(DiskSteps.Sync);
        base.Sync(file);
    }

    public override void SyncFolder(string folder)
    {
        trouble.Check(DiskSteps.Sync);
        base.SyncFolder(folder);
    }

    public override async Task SyncFolderAsync(string folder)
    {
        trouble.Check(DiskSteps.Sync);
        await base.SyncFolderAsync(folder);
    }

    /// <summary>A step that changes the disk.</summary>
    /// <param name="half">Leaves the state of a failure halfway through.</param>
    /// <param name="rest">Does the rest, or fails.</param>
    protected virtual void Step(Action half, Action rest)
    {
        half();
        rest();
    }

    private void TryStep(DiskSteps step, Action half, Action rest) => Step(half, () =>
    {
        trouble.Check(step);
        rest();
    });
}
