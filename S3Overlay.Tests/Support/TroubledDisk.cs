using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Tests.Support;

/// <summary>A disk that a test makes full, or broken, at any step: what fails in the midst of being written is half there.</summary>
internal class TroubledDisk(DiskTrouble trouble) : StoreDisk(isDurable: false)
{
    /// <inheritdoc/>
    public override SafeFileHandle Create(string path)
    {
        SafeFileHandle? file = null;
        TryStep(() => { }, () => file = base.Create(path));
        return file!;
    }

    /// <inheritdoc/>
    public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        // A span cannot be kept for later.
        var copy = bytes.ToArray();
        TryStep(() => base.Write(file, copy.AsSpan(0, copy.Length / 2), offset), () => base.Write(file, copy, offset));
    }

    /// <inheritdoc/>
    public override void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset) =>
        TryStep(() => base.Write(file, [.. pieces.Take(pieces.Count / 2)], offset), () => base.Write(file, pieces, offset));

    /// <inheritdoc/>
    public override void Move(string from, string to) => TryStep(() => { }, () => base.Move(from, to));

    /// <inheritdoc/>
    public override void Delete(string path) => Step(() => { }, () => base.Delete(path));

    /// <summary>Does something to the disk.</summary>
    /// <param name="half">Does what is there of it when it fails in the midst.</param>
    /// <param name="rest">Does the rest, or fails.</param>
    protected virtual void Step(Action half, Action rest)
    {
        half();
        rest();
    }

    private void TryStep(Action half, Action rest) => Step(half, () =>
    {
        trouble.Check();
        rest();
    });
}
