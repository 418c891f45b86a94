namespace S3Overlay.Proxy.Hosting.Demo;

/// <summary>How a shell starts the running program, for commands to paste.</summary>
internal static class ProgramName
{
    /// <summary>
    /// <c>s3overlay</c> if it runs from a folder of <c>PATH</c>; else its path, from the working folder if it is below it; behind
    /// <c>dotnet</c> if that is how it was started.
    /// </summary>
    public static string Read()
    {
        var program = Environment.ProcessPath ?? "s3overlay";
        if (Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            return $"dotnet {Shorten(typeof(ProgramName).Assembly.Location)}";
        }

        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return folders.Contains(Path.GetDirectoryName(program)) ? Path.GetFileName(program) : Shorten(program);
    }

    private static string Shorten(string path)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        var shorter = relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? path
            : Path.Combine(".", relative);
        return shorter.Contains(' ', StringComparison.Ordinal) ? $"'{shorter}'" : shorter;
    }
}
