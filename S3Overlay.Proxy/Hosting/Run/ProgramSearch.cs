namespace S3Overlay.Proxy.Hosting.Run;

/// <summary>
/// Finds the program of a command as a shell does: a name with a slash is a path, any other is looked for in <c>PATH</c>.
/// </summary>
/// <remarks>The runtime would look beside this program and in the current folder first.</remarks>
internal static class ProgramSearch
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The program's path; on Windows, which has rules of its own, the name.</summary>
    /// <exception cref="RunException">There is no such program, or it cannot be executed.</exception>
    public static string Find(string name, string? path)
    {
        if (OperatingSystem.IsWindows())
        {
            return name;
        }

        if (name.Contains('/'))
        {
            return IsProgram(name) ? Path.GetFullPath(name)
                : Path.Exists(name) ? throw NotExecutable(name)
                : throw NotFound(name);
        }

        // An empty entry is the current folder.
        var candidates = (path ?? "").Split(':').Select(folder => Path.Combine(folder.Length == 0 ? "." : folder, name)).ToList();
        return candidates.Find(IsProgram) is { } found ? Path.GetFullPath(found)
            : name.Length > 0 && candidates.Exists(File.Exists) ? throw NotExecutable(name)
            : throw NotFound(name);
    }

    public static RunException NotFound(string name) => new(RunExitCodes.NotFound, $"{name}: command not found");

    public static RunException NotExecutable(string name) => new(RunExitCodes.NotExecutable, $"{name}: cannot be executed");

    private static bool IsProgram(string path) =>
        !OperatingSystem.IsWindows() && File.Exists(path) && (File.GetUnixFileMode(path) & Executable) != 0;
}
