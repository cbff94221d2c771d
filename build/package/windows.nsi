; The installer for Windows. It needs no rights of an administrator: everything
; goes into the person's own folders. "windows.sh" gives it its values.
Unicode true
SetCompressor /SOLID lzma
!include "MUI2.nsh"

Name "debros"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\debros"
RequestExecutionLevel user
VIProductVersion "${PLAIN}"
VIAddVersionKey "ProductName" "debros"
VIAddVersionKey "FileDescription" "Installs debros"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "CompanyName" "DeBros"
VIAddVersionKey "LegalCopyright" "DeBros"

!define MUI_ICON "${FILES}/icon.ico"
!define MUI_FINISHPAGE_RUN "$INSTDIR\debros.exe"
!insertmacro MUI_PAGE_LICENSE "${FILES}/LICENSE.txt"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "German"

!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\debros"

Section
  SetOutPath "$INSTDIR"
  File "${FILES}/debros.exe"
  File "${FILES}/debros-cli.exe"
  File "${FILES}/LICENSE.txt"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\debros.lnk" "$INSTDIR\debros.exe"
  WriteRegStr HKCU "Software\Classes\debros" "" "URL:debros"
  WriteRegStr HKCU "Software\Classes\debros" "URL Protocol" ""
  WriteRegStr HKCU "Software\Classes\debros\shell\open\command" "" '"$INSTDIR\debros.exe" "%1"'
  WriteRegStr HKCU "${KEY}" "DisplayName" "debros"
  WriteRegStr HKCU "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${KEY}" "Publisher" "DeBros"
  WriteRegStr HKCU "${KEY}" "DisplayIcon" "$INSTDIR\debros.exe"
  WriteRegStr HKCU "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegDWORD HKCU "${KEY}" "NoModify" 1
SectionEnd

; What the node stored stays: it lies in the person's data folder.
Section "Uninstall"
  Delete "$SMPROGRAMS\debros.lnk"
  Delete "$SMSTARTUP\debros.cmd"
  DeleteRegKey HKCU "Software\Classes\debros"
  DeleteRegKey HKCU "${KEY}"
  Delete "$INSTDIR\debros.exe"
  Delete "$INSTDIR\debros-cli.exe"
  Delete "$INSTDIR\LICENSE.txt"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
SectionEnd
