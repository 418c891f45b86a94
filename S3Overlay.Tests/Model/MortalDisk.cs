using Microsoft.Win32.SafeHandles;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Tests.Model;

/// <summary>A disk of whose steps each may be the last one of a process.</summary>
internal sealed class MortalDisk(Reaper reaper) : StoreDisk(isDurable: false)
{
    /// <inheritdoc/>
    public override SafeFileHandle Create(string path)
    {
        SafeFileHandle? file = null;
        reaper.Step(() => { }, () => file = base.Create(path));
        return file!;
    }

    /// <inheritdoc/>
    public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        // A span cannot be kept for later.
        var copy = bytes.ToArray();
        reaper.Step(() => base.Write(file, copy.AsSpan(0, copy.Length / 2), offset), () => base.Write(file, copy, offset));
    }

    /// <inheritdoc/>
    public override void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset) =>
        reaper.Step(() => base.Write(file, pieces.Take(pieces.Count / 2).ToList(), offset), () => base.Write(file, pieces, offset));

    /// <inheritdoc/>
    public override void Move(string from, string to) => reaper.Step(() => { }, () => base.Move(from, to));

    /// <inheritdoc/>
    public override void Delete(string path) => reaper.Step(() => { }, () => base.Delete(path));
}
