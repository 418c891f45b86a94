using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>A disk of whose steps each may be the last one of a process.</summary>
internal sealed class MortalDisk(Reaper reaper, DiskTrouble trouble) : TroubledDisk(trouble)
{
    protected override void Step(Action half, Action rest) => reaper.Step(half, rest);
}
